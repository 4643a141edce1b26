"""What goes into the book of notices and what it answers: frozen values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.events import Label
from bot.notices.slots import Features


@dataclass(frozen=True, slots=True)
class Post:
    """One message in one group that carries a notice.

    `key`, `group`, `sender` and the people are the store's own numbers. `mentions` are the people named
    (empty: all); `members` are the people of the group at that time, bots left out.
    """

    key: int
    group: int
    unit: str
    sender: int
    sent_at: datetime
    labels: frozenset[Label]
    emergency: bool
    features: Features
    mentions: frozenset[int] = frozenset()
    members: frozenset[int] = frozenset()

    @property
    def is_rollcall(self) -> bool:
        """Whether it demands a reply."""
        return Label.ROLLCALL_DEMAND in self.labels


@dataclass(frozen=True, slots=True)
class Ack:
    """A message that is a receipt; `quoted` is the key of the message it quotes, where it quotes one."""

    key: int
    group: int
    person: int
    sent_at: datetime
    quoted: int | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """A 接龙 list: every matched member's line is that member's receipt."""

    key: int
    group: int
    sender: int
    sent_at: datetime
    names: frozenset[int]
    quoted: int | None = None


NoticeEvent = Post | Ack | Chain


class Relation(StrEnum):
    """What a post is to the notices before it."""

    NEW = "new"
    REPEAT = "repeat"  # the same notice again, here or elsewhere
    VERSION = "version"  # the same notice with a changed deadline or place: the question is open again
    SERIES = "series"  # the same words for another date: linked, not merged
    CANCEL = "cancel"  # calls an earlier notice off


@dataclass(frozen=True, slots=True)
class Redundancy:
    """A roll-call that asks people who were already asked, with what a decision log needs."""

    earlier: tuple[int, ...]  # keys of the earlier roll-call posts of the same notice, in time order
    overlap: int  # members who were already asked
    total: int  # members of the group without the sender
    acknowledged: frozenset[int]  # those of the people asked now who had acknowledged the notice
    rule: str  # the limit that was reached, readable


@dataclass(frozen=True, slots=True)
class MultipleReporting:
    """The same material demanded by another unit or group: both posts."""

    post: int
    earlier: int
    why: str


@dataclass(frozen=True, slots=True)
class Posted:
    """What the book makes of a post.

    `notice` is the key of the notice's first post: the post's own key unless it is a repeat. `of` is the
    notice that it repeats, changes, continues or calls off.
    """

    key: int
    notice: int
    relation: Relation
    of: int | None = None
    why: str = ""
    redundancy: Redundancy | None = None
    multiple: MultipleReporting | None = None


class AckKind(StrEnum):
    """What a receipt was worth."""

    FIRST = "first"  # this person's receipt of the notice
    REPEATED = "repeated"  # acknowledges again what this person had acknowledged
    UNASKED = "unasked"  # acknowledges what asked this person for no reply
    NONE = "none"  # belongs to no notice that is still followed


@dataclass(frozen=True, slots=True)
class Acked:
    """What the book makes of a receipt."""

    key: int
    notice: int | None
    kind: AckKind


@dataclass(frozen=True, slots=True)
class Chained:
    """What the book makes of a 接龙 list: whose receipt it is, and who had given one before."""

    key: int
    notice: int | None
    first: frozenset[int] = frozenset()
    known: frozenset[int] = frozenset()


Outcome = Posted | Acked | Chained


@dataclass(frozen=True, slots=True)
class Receipt:
    """A person has acknowledged a notice: once, whatever the group."""

    person: int
    group: int
    key: int  # of the message
    sent_at: datetime
