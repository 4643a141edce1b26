"""Column types that keep their promise on SQLite and PostgreSQL alike."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Dialect
from sqlalchemy.types import TypeDecorator


def to_ms(at: datetime) -> int:
    """Return milliseconds since 1970 in UTC. Raises ValueError for a naive datetime."""
    if at.tzinfo is None:
        msg = f"a time without a zone cannot be stored: {at.isoformat()}"
        raise ValueError(msg)
    return round(at.timestamp() * 1000)


def from_ms(ms: int) -> datetime:
    """Return the aware datetime (UTC) of milliseconds since 1970."""
    return datetime.fromtimestamp(ms / 1000, UTC)


class UtcTime(TypeDecorator[datetime]):
    """An aware datetime, stored as milliseconds since 1970: both databases sort and compare it alike."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 (SQLAlchemy's signature)
        """Python to database."""
        return None if value is None else to_ms(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (SQLAlchemy's signature)
        """Database to Python."""
        return None if value is None else from_ms(value)


def storable(text: str) -> str:
    """Return a text that both databases take: no NUL, no lone surrogate."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
