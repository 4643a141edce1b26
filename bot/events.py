"""Frozen value types that every part speaks.

Channels and importers make events; classify, notices, store and plugins read them. Times are aware
datetimes in UTC; a day is local only where a report or a deadline needs it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Label(StrEnum):
    """What a message does; design section 2. A message has none, one or several."""

    NOTICE = "notice"
    ACK = "ack"
    ROLLCALL_DEMAND = "rollcall_demand"
    PHOTO_DEMAND = "photo_demand"
    MATERIAL_DEMAND = "material_demand"
    CHECKIN_DEMAND = "checkin_demand"
    APP_DEMAND = "app_demand"
    RANKING = "ranking"
    CANVASS_DEMAND = "canvass_demand"
    MEETING = "meeting"
    SCREENSHOT_DEMAND = "screenshot_demand"
    DEADLINE = "deadline"
    SUPPLY = "supply"
    CANCEL_OR_EXEMPT = "cancel_or_exempt"

    @property
    def is_demand(self) -> bool:
        """Whether the sender demands something of others."""
        return self.value.endswith("_demand")


class MessageKind(StrEnum):
    """What a message is made of, whatever the platform calls it."""

    TEXT = "text"
    IMAGE = "image"
    VOICE = "voice"
    VIDEO = "video"
    FILE = "file"
    LINK = "link"
    MINI_PROGRAM = "mini_program"
    CHAIN = "chain"  # 接龙 of the platform
    FORWARD = "forward"  # a bundle of forwarded messages
    ANNOUNCEMENT = "announcement"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT_CARD = "contact_card"
    MONEY = "money"  # red envelope, transfer
    SYSTEM = "system"
    UNKNOWN = "unknown"


class Role(StrEnum):
    """What a member may do in a group."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class PersonRef:
    """A person as the platform knows one; the name is for showing only, never an identity."""

    platform: str
    native_id: str
    name: str = ""
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class GroupRef:
    """A work group as the platform knows it."""

    platform: str
    native_id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class MemberInfo:
    """A person in a group."""

    person: PersonRef
    role: Role = Role.MEMBER


@dataclass(frozen=True, slots=True)
class Quote:
    """The message that a message answers, as far as the platform tells."""

    text: str = ""
    message_id: str | None = None
    sender_name: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message, in a group or (group None) in a private chat with the bot.

    `text` is what its sender wrote: the quoted part stands in `quote`, a file's name in `file_name`, a
    link's title in `text`. `own` marks what the bot's own account sent. `native_id` is unique per platform.
    """

    platform: str
    account: str
    native_id: str
    group: GroupRef | None
    sender: PersonRef
    sent_at: datetime
    kind: MessageKind = MessageKind.TEXT
    text: str = ""
    mentions: tuple[str, ...] = ()  # native ids of persons
    mentions_all: bool = False
    quote: Quote | None = None
    file_name: str = ""
    own: bool = False
    history: bool = False  # from an export: counts and reports, never answered


@dataclass(frozen=True, slots=True)
class GroupSnapshot:
    """A group and its members as they are at a moment; `complete` when nobody is missing from the list."""

    group: GroupRef
    members: tuple[MemberInfo, ...]
    at: datetime
    complete: bool = True
    history: bool = False


@dataclass(frozen=True, slots=True)
class MembershipChange:
    """People who came or went; `inviter` where the platform tells."""

    native_id: str
    group: GroupRef
    at: datetime
    joined: tuple[MemberInfo, ...] = ()
    left: tuple[PersonRef, ...] = ()
    inviter: PersonRef | None = None


@dataclass(frozen=True, slots=True)
class TopicChange:
    """A group got another name."""

    native_id: str
    group: GroupRef  # with the new name
    at: datetime


@dataclass(frozen=True, slots=True)
class Recall:
    """A message was taken back by its sender or an admin: it counts no more."""

    platform: str
    message_id: str
    at: datetime
    history: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which the gateway may have had messages that we did not see."""

    channel: str
    began_at: datetime
    ended_at: datetime
    reason: str


Event = Message | GroupSnapshot | MembershipChange | TopicChange | Recall | Gap


@dataclass(frozen=True, slots=True)
class RuleHit:
    """A rule that fired, or was blocked: which words made it, and what stood in its way."""

    rule_id: str
    label: str  # a Label's value, or "emergency"
    matched: str
    blocked_by: str = ""


@dataclass(frozen=True, slots=True)
class Classification:
    """What a message demands, and why."""

    labels: frozenset[Label] = frozenset()
    emergency: bool = False
    hits: tuple[RuleHit, ...] = ()
    blocked: tuple[RuleHit, ...] = field(default=())

    @property
    def demands(self) -> frozenset[Label]:
        """The labels that demand something of others."""
        return frozenset(label for label in self.labels if label.is_demand)
