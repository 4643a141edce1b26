"""The tables of people, groups, messages and counts. Rows never leave `bot/store`."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.store.types import UtcTime


def time_column(*, nullable: bool = False, index: bool = False) -> Any:
    """Return a column for an aware datetime."""
    return Column(UtcTime, nullable=nullable, index=index)


class Group(SQLModel, table=True):
    """A work group; identity = platform + native id."""

    __tablename__ = "work_group"
    __table_args__ = (UniqueConstraint("platform", "native_id"),)

    id: int | None = Field(default=None, primary_key=True)
    platform: str
    native_id: str
    channel: str = ""
    name: str = ""
    unit: str = ""
    purpose: str = ""
    term: date | None = None
    consent: str = "pending"  # pending, agreed, paused
    consent_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    greeted_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    mode: str = "notify"
    keep_text: bool = True
    flood_line: bool = False
    first_seen_at: datetime = Field(sa_column=time_column())
    observed_from: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    registered_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    last_message_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))


class Person(SQLModel, table=True):
    """A person over all groups, under a keyed hash; the native id only sealed, for private messages."""

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)  # HMAC-SHA256 of platform and native id, hex
    sealed_id: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    channel: str = ""
    is_bot: bool = False
    opted_out: bool = False


class PersonName(SQLModel, table=True):
    """The name a person last showed: kept apart, deleted on opt-out."""

    __tablename__ = "person_name"

    person_id: int = Field(primary_key=True)
    name: str = Field(index=True)


class Member(SQLModel, table=True):
    """A person in a group."""

    __table_args__ = (Index("ix_member_person", "person_id", "group_id"),)

    group_id: int = Field(primary_key=True)
    person_id: int = Field(primary_key=True)
    role: str = "member"
    joined_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    left_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))


class InboxEvent(SQLModel, table=True):
    """An event as it arrived, durable before anything else is asked of the gateway."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("channel", "kind", "native_id"),
        Index("ix_inbox_state", "channel", "state", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    channel: str
    kind: str
    native_id: str
    received_at: datetime = Field(sa_column=time_column())
    sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    state: str = "received"  # received, done, dead
    attempts: int = 0
    reason: str = ""


class MessageRow(SQLModel, table=True):
    """What is kept of every message: time, group, person, kind, length, labels, rules. No text."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("group_id", "native_id"),
        # Covering: a person's figures and a group's figures of a period are read from the index alone.
        Index("ix_message_person", "person_id", "sent_ms", "group_id", "labels", "flags"),
        Index("ix_message_group", "group_id", "sent_ms", "person_id", "labels", "flags"),
        Index("ix_message_content", "group_id", "content_key"),
    )

    id: int | None = Field(default=None, primary_key=True)
    group_id: int
    person_id: int
    native_id: str
    content_key: str
    sent_ms: int = Field(sa_column=Column(BigInteger, nullable=False))
    kind: str
    length: int
    labels: int = 0  # bits in the order of `Label`
    flags: int = 0  # bits of `MessageFlag`
    rules: str = ""


class MessageText(SQLModel, table=True):
    """The masked text of a message that carries a notice or a demand, until it expires."""

    __tablename__ = "message_text"

    message_id: int = Field(primary_key=True)
    text: str = Field(sa_column=Column(Text, nullable=False))
    expires_at: datetime = Field(sa_column=time_column(index=True))


class Mention(SQLModel, table=True):
    """A person mentioned by a message."""

    __table_args__ = (Index("ix_mention_person", "person_id", "message_id"),)

    message_id: int = Field(primary_key=True)
    person_id: int = Field(primary_key=True)


class DailyCount(SQLModel, table=True):
    """How many of a kind a group had on a local day."""

    __tablename__ = "daily_count"
    __table_args__ = (Index("ix_daily_count_day", "day", "group_id", "kind", "count"),)

    group_id: int = Field(primary_key=True)
    day: date = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    count: int = 0


class NoticePost(SQLModel, table=True):
    """One message in one group that carries a notice; `notice_id` is the message of its first post."""

    __tablename__ = "notice_post"
    __table_args__ = (Index("ix_notice_post_notice", "notice_id"), Index("ix_notice_post_sent", "sent_ms"))

    message_id: int = Field(primary_key=True)
    group_id: int
    person_id: int
    sent_ms: int = Field(sa_column=Column(BigInteger, nullable=False))
    notice_id: int
    relation: str = "new"
    of_id: int | None = None
    due_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    closed_by: int | None = None
    features: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    why: str = ""
    asked: int = 0  # people asked to reply; 0 when no roll-call
    redundant: bool = False
    redundancy: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    multiple_of: int | None = None


class Ack(SQLModel, table=True):
    """A message that is a receipt, and what it was a receipt of."""

    __table_args__ = (Index("ix_ack_person", "person_id", "sent_ms"), Index("ix_ack_sent", "sent_ms"))

    message_id: int = Field(primary_key=True)
    person_id: int = Field(primary_key=True)
    group_id: int
    sent_ms: int = Field(sa_column=Column(BigInteger, nullable=False))
    quoted_id: int | None = None
    notice_id: int | None = None
    outcome: str = "none"  # first, repeated, unasked, none
    source: str = "ack"  # ack, chain


class Receipt(SQLModel, table=True):
    """A person has acknowledged a notice; once, whatever the group."""

    notice_id: int = Field(primary_key=True)
    person_id: int = Field(primary_key=True)
    message_id: int
    group_id: int
    at: datetime = Field(sa_column=time_column())


class TodoDone(SQLModel, table=True):
    """A person has marked a demand as done."""

    __tablename__ = "todo_done"

    person_id: int = Field(primary_key=True)
    message_id: int = Field(primary_key=True)  # a post of the notice
    at: datetime = Field(sa_column=time_column())
