"""The tables of the bot's own work: what it sends, what it did, what it missed."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, LargeBinary, Text
from sqlmodel import Field, SQLModel

from bot.store.tables import time_column


class OutboxMessage(SQLModel, table=True):
    """What is to be sent. Target and text are sealed: figures of a person are in them."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_state", "state", "not_before"),)

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)  # idempotency: the same cause gives the same key
    channel: str
    chat: str = Field(index=True)  # keyed hash of the target: limits are per chat
    group_id: int | None = None
    kind: str  # reply, unsolicited, digest, recall
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    state: str = "pending"  # pending, sending, sent, unknown, dead
    created_at: datetime = Field(sa_column=time_column())
    not_before: datetime = Field(sa_column=time_column())
    expires_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    attempts: int = 0
    finished_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True, index=True))
    native_id: str = ""
    reason: str = ""


class DigestRun(SQLModel, table=True):
    """A digest that has been put into the outbox; the unique row decides, not a scheduler's memory."""

    __tablename__ = "digest_run"

    scope: str = Field(primary_key=True)  # "county" or "group:<id>"
    week: str = Field(primary_key=True)  # ISO week, "2026-W47"
    at: datetime = Field(sa_column=time_column())


class GapRow(SQLModel, table=True):
    """A time in which messages may have been missed."""

    __tablename__ = "gap"

    id: int | None = Field(default=None, primary_key=True)
    channel: str
    began_at: datetime = Field(sa_column=time_column())
    ended_at: datetime = Field(sa_column=time_column())
    reason: str = ""


class Decision(SQLModel, table=True):
    """Why the bot did, or did not, do something about a redundant roll-call."""

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_column=time_column())
    message_id: int = Field(index=True)
    group_id: int
    action: str
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class Audit(SQLModel, table=True):
    """Who changed what: consent, mode, registration, deletion."""

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_column=time_column(index=True))
    action: str
    group_id: int | None = None
    person_id: int | None = None
    detail: str = ""


class Correction(SQLModel, table=True):
    """A text that people labelled otherwise than the rules did."""

    key: str = Field(primary_key=True)  # the normalised text
    labels: str
    rules_labels: str = ""
    text: str = Field(default="", sa_column=Column(Text, nullable=False))
    at: datetime = Field(sa_column=time_column())


class Confirmation(SQLModel, table=True):
    """A destructive command that waits for its 6-digit code."""

    person_id: int = Field(primary_key=True)
    chat: str = Field(primary_key=True)
    code: str
    command: str
    expires_at: datetime = Field(sa_column=time_column())


class Meta(SQLModel, table=True):
    """Facts about this database: the fingerprint of the key its people are stored under."""

    name: str = Field(primary_key=True)
    value: str
