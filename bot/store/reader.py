"""What plugins and reports may ask of the store: read-only views, never rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.errors import UsageError
from bot.events import Label, Role
from bot.store.labels import from_bits
from bot.store.tables import Group, Member, MessageRow, MessageText, Person, PersonName, Receipt
from bot.store.tables_work import DigestRun, GapRow
from bot.store.types import from_ms


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group as plugins see it."""

    id: int
    platform: str
    native_id: str
    name: str
    unit: str
    purpose: str
    term: date | None
    consent: str
    mode: str
    keep_text: bool
    flood_line: bool
    greeted_at: datetime | None
    observed_from: datetime | None
    registered_at: datetime | None

    @property
    def title(self) -> str:
        """The name, or a stand-in where the platform tells none."""
        return self.name or f"未命名群{self.id}"

    def is_observed(self, now: datetime, days: timedelta) -> bool:
        """Tell whether a group is still in its first days, in which the bot only observes."""
        return self.observed_from is None or now < self.observed_from + days


@dataclass(frozen=True, slots=True)
class PersonView:
    """A person as plugins see one; the name is empty once it is deleted."""

    id: int
    name: str
    is_bot: bool = False
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class MemberView:
    """A person in a group."""

    person_id: int
    name: str
    role: Role
    is_bot: bool


@dataclass(frozen=True, slots=True)
class MessageView:
    """What is kept of a message."""

    id: int
    group_id: int
    person_id: int
    native_id: str
    sent_at: datetime
    kind: str
    labels: frozenset[Label]
    flags: int
    rules: tuple[str, ...]
    text: str


class Reader:
    """Reads within one session."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session = session
        self.now = now

    def group(self, group_id: int) -> GroupView | None:
        """Return a group."""
        row = self.session.get(Group, group_id)
        return _group(row) if row else None

    def groups(self, *, consented: bool = False) -> list[GroupView]:
        """Return all groups by name; `consented` leaves out those where nothing may be recorded."""
        statement = select(Group).order_by(Group.name, col(Group.id))
        if consented:
            statement = statement.where(Group.consent == "agreed")
        return [_group(row) for row in self.session.exec(statement)]

    def groups_of(self, person_id: int) -> list[GroupView]:
        """Return the groups that a person is in now."""
        statement = (
            select(Group)
            .join(Member, col(Member.group_id) == col(Group.id))
            .where(Member.person_id == person_id, col(Member.left_at).is_(None))
            .order_by(Group.name, col(Group.id))
        )
        return [_group(row) for row in self.session.exec(statement)]

    def find_group(self, name: str) -> GroupView:
        """Return the group of a name (or native id). Raises UsageError when none or several match."""
        rows = self.session.exec(select(Group).where((Group.name == name) | (Group.native_id == name))).all()
        if not rows:
            rows = self.session.exec(
                select(Group).where(col(Group.name).contains(name, autoescape=True))
            ).all()
        if len(rows) != 1:
            some = "、".join(row.name for row in rows[:5])
            msg = f"有多个群叫“{name}”：{some}" if rows else f"没有叫“{name}”的群"
            raise UsageError(msg)
        return _group(rows[0])

    def find_person(self, name: str) -> PersonView:
        """Return the person of a name. Raises UsageError when none or several match."""
        ids = self.session.exec(select(PersonName.person_id).where(PersonName.name == name)).all()
        if len(ids) != 1:
            msg = f"有 {len(ids)} 个人叫“{name}”，分不清是谁" if ids else f"没有叫“{name}”的人"
            raise UsageError(msg)
        return self.person(ids[0])

    def person(self, person_id: int) -> PersonView:
        """Return a person; unknown ids give an empty view."""
        row = self.session.get(Person, person_id)
        name = self.session.get(PersonName, person_id)
        if row is None:
            return PersonView(person_id, "")
        return PersonView(person_id, name.name if name else "", row.is_bot, row.opted_out)

    def names(self, person_ids: Sequence[int]) -> dict[int, str]:
        """Return the names of people, as far as they are kept."""
        rows = self.session.exec(select(PersonName).where(col(PersonName.person_id).in_(set(person_ids))))
        return {row.person_id: row.name for row in rows}

    def members(self, group_id: int, *, bots: bool = False) -> list[MemberView]:
        """Return who is in a group now, people who opted out left out."""
        statement = (
            select(Member, Person, PersonName)
            .join(Person, col(Person.id) == col(Member.person_id))
            .join(PersonName, col(PersonName.person_id) == col(Member.person_id), isouter=True)
            .where(
                Member.group_id == group_id, col(Member.left_at).is_(None), col(Person.opted_out).is_(False)
            )
            .order_by(col(Member.person_id))
        )
        return [
            MemberView(member.person_id, name.name if name else "", Role(member.role), person.is_bot)
            for member, person, name in self.session.exec(statement)
            if bots or not person.is_bot
        ]

    def role(self, group_id: int, person_id: int) -> Role | None:
        """Return what a person may do in a group; None when not in it."""
        row = self.session.get(Member, (group_id, person_id))
        return Role(row.role) if row is not None and row.left_at is None else None

    def has_roles(self, group_id: int) -> bool:
        """Tell whether the platform told who owns or administers a group."""
        statement = select(Member.person_id).where(
            Member.group_id == group_id, Member.role != Role.MEMBER.value, col(Member.left_at).is_(None)
        )
        return self.session.exec(statement).first() is not None

    def office_groups(self, chats: Sequence[str]) -> list[GroupView]:
        """Return the groups of the county office: `chats` are native ids or names."""
        if not chats:
            return []
        statement = select(Group).where(col(Group.native_id).in_(chats) | col(Group.name).in_(chats))
        return [_group(row) for row in self.session.exec(statement)]

    def in_office(self, person_id: int, chats: Sequence[str]) -> bool:
        """Tell whether a person is in a chat of the county office now."""
        return any(self.role(group.id, person_id) is not None for group in self.office_groups(chats))

    def count_people(self) -> int:
        """Return how many people are in any group now, bots left out."""
        statement = (
            select(func.count(func.distinct(col(Member.person_id))))
            .join(Person, col(Person.id) == col(Member.person_id))
            .where(col(Member.left_at).is_(None), col(Person.is_bot).is_(False))
        )
        return int(self.session.execute(statement).scalar_one())

    def gaps(self, begin: datetime, end: datetime) -> list[tuple[datetime, datetime, str]]:
        """Return the times in which messages may have been missed: begin, end, reason."""
        statement = (
            select(GapRow)
            .where(GapRow.ended_at >= begin, GapRow.began_at < end)
            .order_by(col(GapRow.began_at))
        )
        return [(row.began_at, row.ended_at, row.reason) for row in self.session.exec(statement)]

    def claimed(self, scope: str, week: str) -> bool:
        """Tell whether a digest went into the outbox already."""
        return self.session.get(DigestRun, (scope, week)) is not None

    def owner(self, group_id: int) -> int | None:
        """Return the person id of a group's owner, where the platform told."""
        statement = select(Member.person_id).where(
            Member.group_id == group_id, Member.role == Role.OWNER.value, col(Member.left_at).is_(None)
        )
        return self.session.exec(statement).first()

    def message(self, group_id: int, native_id: str) -> MessageView | None:
        """Return what is kept of a message by its platform's id."""
        row = self.session.exec(
            select(MessageRow).where(MessageRow.group_id == group_id, MessageRow.native_id == native_id)
        ).first()
        return self._message(row) if row else None

    def message_by_id(self, message_id: int) -> MessageView | None:
        """Return what is kept of a message by its number in the store."""
        row = self.session.get(MessageRow, message_id)
        return self._message(row) if row else None

    def personal_data(self, person_id: int) -> dict[str, Any]:
        """Return everything that is kept of a person, as plain data."""
        person = self.person(person_id)
        messages = self.session.exec(
            select(MessageRow).where(MessageRow.person_id == person_id).order_by(col(MessageRow.sent_ms))
        ).all()
        receipts = self.session.exec(
            select(Receipt).where(Receipt.person_id == person_id).order_by(col(Receipt.at))
        ).all()
        names = {group.id: group.title for group in self.groups()}
        return {
            "姓名": person.name,
            "停止记录": person.opted_out,
            "所在群": [group.title for group in self.groups_of(person_id)],
            "消息": [
                {
                    "时间": from_ms(row.sent_ms).isoformat(),
                    "群": names.get(row.group_id, ""),
                    "类型": row.kind,
                    "字数": row.length,
                    "标签": sorted(from_bits(row.labels)),
                    "文字": self._message(row).text,
                }
                for row in messages
            ],
            "回执": [{"时间": row.at.isoformat(), "群": names.get(row.group_id, "")} for row in receipts],
        }

    def _message(self, row: MessageRow) -> MessageView:
        text = self.session.get(MessageText, row.id)
        return MessageView(
            id=row.id or 0,
            group_id=row.group_id,
            person_id=row.person_id,
            native_id=row.native_id,
            sent_at=from_ms(row.sent_ms),
            kind=row.kind,
            labels=from_bits(row.labels),
            flags=row.flags,
            rules=tuple(row.rules.split(",")) if row.rules else (),
            text=text.text if text and text.expires_at > self.now else "",
        )


def _group(row: Group) -> GroupView:
    return GroupView(
        id=row.id or 0,
        platform=row.platform,
        native_id=row.native_id,
        name=row.name,
        unit=row.unit,
        purpose=row.purpose,
        term=row.term,
        consent=row.consent,
        mode=row.mode,
        keep_text=row.keep_text,
        flood_line=row.flood_line,
        greeted_at=row.greeted_at,
        observed_from=row.observed_from,
        registered_at=row.registered_at,
    )
