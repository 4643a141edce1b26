"""What a plugin may see and return. A plugin never sends and never writes: it returns actions."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from bot.classify.classifier import Classifier
from bot.config import Config
from bot.events import Classification, Event, Message, Role
from bot.notices.records import Posted
from bot.store.figures import FiguresReader
from bot.store.notices import NoticeReader
from bot.store.reader import GroupView, PersonView, Reader
from bot.texts import Texts

# --- what a plugin may return ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Attachment:
    """A text file to send; written into the data directory and deleted within a day."""

    name: str
    content: str


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer where the message came from; `private` answers its sender alone.

    Where the platform cannot reach the sender privately, `fallback` goes to the group instead (nothing when empty).
    """

    text: str
    private: bool = False
    fallback: str = ""
    attachment: Attachment | None = None


@dataclass(frozen=True, slots=True)
class Say:
    """Say something that nobody asked for, in a group or to a person; it is counted against the noise budget.

    `key` makes it unique: the same key is never said twice.
    """

    key: str
    text: str
    group_id: int | None = None
    person_id: int | None = None
    fallback_group_id: int | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RecallMessage:
    """Delete a message where the platform allows it; `otherwise` is said when that fails."""

    key: str
    message_id: int
    native_id: str
    group_id: int
    otherwise: Say


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """Change settings of a group: consent, mode, unit, purpose, term, keep_text, flood_line and so on."""

    group_id: int
    values: Mapping[str, Any]
    action: str  # for the audit


@dataclass(frozen=True, slots=True)
class MarkDone:
    """A person has done what a notice demands."""

    person_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class Correct:
    """A text is labelled so from now on."""

    text: str
    labels: tuple[str, ...]
    rules_labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Log:
    """Write down why something was, or was not, done about a message."""

    message_id: int
    group_id: int
    action: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AskCode:
    """Ask for a 6-digit code before a destructive command is carried out."""

    person_id: int
    command: str
    prompt: str  # template of the reply; `code` is filled in


@dataclass(frozen=True, slots=True)
class ForgetPerson:
    """Delete a person's data; `opt_out` also records nothing of them from now on, `opt_in` ends that."""

    person_id: int
    delete: bool = False
    opt_out: bool | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Do the actions only if this scope and week has not been claimed before: a digest goes out once."""

    scope: str
    week: str
    actions: tuple["Action", ...]


Action = Reply | Say | RecallMessage | ChangeGroup | MarkDone | Correct | Log | AskCode | ForgetPerson | Claim


# --- what a plugin may see ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Context:
    """What every hook sees: read-only, and the time as a value."""

    now: datetime
    zone: ZoneInfo
    config: Config
    reader: Reader
    figures: FiguresReader
    notices: NoticeReader
    texts: Texts
    registry: "Commands"
    can_reach_privately: bool = True
    can_recall: bool = False


@dataclass(frozen=True, slots=True)
class MessageContext(Context):
    """What a message handler and a command see. `message_id` is None in a private chat or where nothing is recorded."""

    message: Message = None  # type: ignore[assignment]  # always given; a default only because Context has some
    person: PersonView = None  # type: ignore[assignment]
    classifier: Classifier = None  # type: ignore[assignment]
    group: GroupView | None = None
    classification: Classification = field(default_factory=Classification)
    message_id: int | None = None
    posted: Posted | None = None
    confirmed: bool = False  # the person has given the code
    secret: bool = False  # suspected secret material: nothing of its content may be repeated

    @property
    def role(self) -> Role | None:
        """What the person may do in this group, at this moment; None in private or when not in it."""
        return self.reader.role(self.group.id, self.person.id) if self.group else None

    @property
    def office(self) -> bool:
        """Whether the person is in a chat of the county office, at this moment."""
        return self.reader.in_office(self.person.id, self.config.office.chats)


class Who(StrEnum):
    """Who may use a command."""

    ALL = "all"
    MEMBER = "member"
    ADMIN = "admin"  # owner or admin
    OWNER = "owner"
    OFFICE = "office"
    OWNER_OR_OFFICE = "owner_or_office"


class Where(StrEnum):
    """Where a command works."""

    ANYWHERE = "anywhere"
    GROUP = "group"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class Command:
    """A chat command. `run` gets the words after the name."""

    name: str
    help: str
    run: Callable[[MessageContext, str], Iterable[Action]]
    who: Who = Who.ALL
    where: Where = Where.ANYWHERE
    aliases: tuple[str, ...] = ()
    usage: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Every word it is called by."""
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do again and again: `run` is called every minute and decides by the time it is given."""

    name: str
    run: Callable[[Context], Iterable[Action]]


class Commands(Protocol):
    """All commands that are loaded."""

    @property
    def commands(self) -> Sequence[Command]:
        """In the order of their plugins."""
        ...


@dataclass(frozen=True, slots=True)
class Plugin:
    """What a module under plugins/ offers as `plugin`."""

    name: str
    description: str
    commands: tuple[Command, ...] = ()
    on_message: Callable[[MessageContext], Iterable[Action]] | None = None
    on_event: Callable[[Context, Event, GroupView], Iterable[Action]] | None = None
    jobs: tuple[Job, ...] = ()
