"""Times as exports write them: seconds, milliseconds, ISO 8601, or local text. Pure."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.importers.base import Reason

EARLIEST = datetime(2005, 1, 1, tzinfo=UTC)  # older than any group of the platforms that are read
_EARLIEST_SECONDS = EARLIEST.timestamp()
_AHEAD = timedelta(days=1)
_LONGEST = 64  # characters of a time
_NUMBER = re.compile(r"[+-]?\d{1,19}(?:\.\d+)?", re.ASCII)
_LOCAL = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?(?: ?([AP]M|上午|下午))?",
    re.ASCII | re.IGNORECASE,
)


def instant(value: object, zone: ZoneInfo, now: datetime) -> datetime | Reason:
    """Return when something happened, in UTC, or why that cannot be told.

    Numbers above 10^11 are milliseconds, above 10^14 microseconds. Text without an offset is in `zone`.
    """
    if isinstance(value, str):
        value = value.strip()
        if not _NUMBER.fullmatch(value):
            return _plausible(_from_text(value, zone) if len(value) < _LONGEST else None, now)
    if isinstance(value, bool) or value is None or value == "":
        return Reason.NO_TIME
    try:
        seconds = float(value)  # type: ignore[arg-type]  # what float refuses is caught
    except (TypeError, ValueError, OverflowError):
        return Reason.NO_TIME
    if seconds > 1e14:
        seconds /= 1e6
    elif seconds > 1e11:
        seconds /= 1e3
    if not _EARLIEST_SECONDS <= seconds <= now.timestamp() + _AHEAD.total_seconds():
        return Reason.BAD_TIME
    return datetime.fromtimestamp(seconds, UTC)


def _plausible(at: datetime | None, now: datetime) -> datetime | Reason:
    if at is None:
        return Reason.NO_TIME
    return at if EARLIEST <= at <= now + _AHEAD else Reason.BAD_TIME


@lru_cache(maxsize=4096)  # many messages share a minute or second
def _from_text(text: str, zone: ZoneInfo) -> datetime | None:
    if found := _LOCAL.fullmatch(text):
        year, month, day, hour, minute = (int(part) for part in found.groups()[:5])
        half = (found[7] or "").upper()
        if half in ("PM", "下午") and hour < 12:
            hour += 12
        elif half in ("AM", "上午") and hour == 12:
            hour = 0
        try:
            return datetime(year, month, day, hour, minute, int(found[6] or 0), tzinfo=zone).astimezone(UTC)
        except (ValueError, OverflowError):
            return None
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
