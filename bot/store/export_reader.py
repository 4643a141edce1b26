"""What is stored, as rows for an export: read in order, in constant memory, as plain values."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from bot.events import Label, Role
from bot.store.labels import MessageFlag, from_bits
from bot.store.tables import (
    Ack,
    DailyCount,
    Group,
    Member,
    Mention,
    MessageRow,
    MessageText,
    NoticePost,
    Person,
    PersonName,
)
from bot.store.types import from_ms

PSEUDONYM_LENGTH = 16  # hex digits of the keyed hash
_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class ExportedGroup:
    """A group with how many messages of it are kept."""

    id: int
    platform: str
    native_id: str
    name: str
    messages: int


@dataclass(frozen=True, slots=True)
class ExportedMember:
    """A member under a pseudonym; the name only where it is kept."""

    pseudonym: str
    name: str
    role: Role
    is_bot: bool


@dataclass(frozen=True, slots=True)
class ExportedMessage:
    """What is kept of a message; the text only where it is stored and not expired."""

    native_id: str
    sent_at: datetime
    pseudonym: str
    name: str
    kind: str
    length: int
    labels: frozenset[Label]
    flags: MessageFlag
    text: str
    mentions: tuple[str, ...]


def groups(session: Session) -> list[ExportedGroup]:
    """Return all groups by name, in which recording was agreed to."""
    statement = (
        select(Group, func.count(col(MessageRow.id)))
        .outerjoin(MessageRow, col(MessageRow.group_id) == col(Group.id))
        .where(col(Group.consent) != "pending")
        .group_by(*Group.__table__.columns)  # type: ignore[attr-defined]  # SQLModel hides it
        .order_by(col(Group.name), col(Group.id))
    )
    return [
        ExportedGroup(g.id or 0, g.platform, g.native_id, g.name, count)
        for g, count in session.execute(statement)
    ]


def known_groups(session: Session) -> dict[tuple[str, str], str]:
    """Return the native id by platform and name of groups whose name no other group of the platform has."""
    found: dict[tuple[str, str], str | None] = {}
    for row in session.execute(select(col(Group.platform), col(Group.name), col(Group.native_id))):
        key = (row.platform, row.name)
        found[key] = None if key in found else row.native_id
    return {key: native_id for key, native_id in found.items() if native_id and key[1]}


def oldest_followed(session: Session) -> datetime | None:
    """Return when the oldest message that carries a notice or is a receipt was sent."""
    times = [
        session.execute(select(func.min(col(column)))).scalar()
        for column in (NoticePost.sent_ms, Ack.sent_ms)
    ]
    return from_ms(min(ms for ms in times if ms is not None)) if any(ms is not None for ms in times) else None


def daily_counts(session: Session, group_id: int) -> list[tuple[date, str, int]]:
    """Return (day, kind of count, count) of a group, by day."""
    statement = (
        select(col(DailyCount.day), col(DailyCount.kind), col(DailyCount.count))
        .where(col(DailyCount.group_id) == group_id, col(DailyCount.count) != 0)
        .order_by(col(DailyCount.day), col(DailyCount.kind))
    )
    return [(day, kind, count) for day, kind, count in session.execute(statement)]


def members(session: Session, group_id: int) -> list[ExportedMember]:
    """Return the members of a group who did not opt out."""
    statement = (
        select(Person, col(Member.role), col(PersonName.name))
        .join(Member, col(Member.person_id) == col(Person.id))
        .outerjoin(PersonName, col(PersonName.person_id) == col(Person.id))
        .where(
            col(Member.group_id) == group_id, col(Member.left_at).is_(None), col(Person.opted_out).is_(False)
        )
        .order_by(col(Person.id))
    )
    return [
        ExportedMember(_pseudonym(person), name or "", Role(role), person.is_bot)
        for person, role, name in session.execute(statement)
    ]


def messages(session: Session, group_id: int, now: datetime) -> Iterator[ExportedMessage]:
    """Yield what is kept of a group's messages, the oldest first; people who opted out are left out."""
    statement = (
        select(MessageRow, Person, col(PersonName.name), col(MessageText.text))
        .join(Person, col(Person.id) == col(MessageRow.person_id))
        .outerjoin(PersonName, col(PersonName.person_id) == col(Person.id))
        .outerjoin(
            MessageText,
            (col(MessageText.message_id) == col(MessageRow.id)) & (col(MessageText.expires_at) > now),
        )
        .where(col(MessageRow.group_id) == group_id, col(Person.opted_out).is_(False))
        .order_by(col(MessageRow.sent_ms), col(MessageRow.id))
        .execution_options(yield_per=_ROWS)
    )
    mentioned = _mentions(session, group_id)
    for row, person, name, text in session.execute(statement):
        yield ExportedMessage(
            row.native_id,
            from_ms(row.sent_ms),
            _pseudonym(person),
            name or "",
            row.kind,
            row.length,
            from_bits(row.labels),
            MessageFlag(row.flags),
            text or "",
            mentioned.get(row.id or 0, ()),
        )


def _mentions(session: Session, group_id: int) -> dict[int, tuple[str, ...]]:
    statement = (
        select(col(Mention.message_id), Person)
        .join(Person, col(Person.id) == col(Mention.person_id))
        .join(MessageRow, col(MessageRow.id) == col(Mention.message_id))
        .where(col(MessageRow.group_id) == group_id, col(Person.opted_out).is_(False))
        .order_by(col(Mention.message_id), col(Mention.person_id))
    )
    found: dict[int, tuple[str, ...]] = {}
    for message_id, person in session.execute(statement):
        found[message_id] = (*found.get(message_id, ()), _pseudonym(person))
    return found


def _pseudonym(person: Person) -> str:
    return f"p:{person.key[:PSEUDONYM_LENGTH]}"
