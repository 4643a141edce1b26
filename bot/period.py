"""Periods of local days, and working hours: pure arithmetic on dates."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import chinese_calendar

from bot.errors import UsageError


@dataclass(frozen=True, slots=True)
class Period:
    """Local days from `begin` to `end`, both included."""

    begin: date
    end: date
    name: str = ""

    def bounds_ms(self, zone: ZoneInfo) -> tuple[int, int]:
        """Return the first millisecond and the first one after, UTC."""
        first, after = self.bounds(zone)
        return round(first.timestamp() * 1000), round(after.timestamp() * 1000)

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return the first moment and the first one after, aware."""
        first = datetime.combine(self.begin, time(), zone)
        return first, datetime.combine(self.end + timedelta(days=1), time(), zone)

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.begin).days + 1

    @property
    def title(self) -> str:
        """What a report's heading says."""
        span = f"{self.begin:%m月%d日}—{self.end:%m月%d日}"
        return f"{self.name}（{span}）" if self.name else span

    def before(self) -> "Period":
        """Return the period of the same kind before this one: a month before a month, else as many days."""
        last = self.begin - timedelta(days=1)
        if self.name in ("本月", "上月"):
            return Period(last.replace(day=1), last, "上月")
        name = {"本周": "上周"}.get(self.name, "")
        return Period(self.begin - timedelta(days=self.days), last, name)


PERIOD_NAMES = ("本周", "上周", "本月", "上月")


def named(name: str, today: date) -> Period:
    """Return 本周, 上周, 本月 or 上月 as seen on a day. Raises UsageError for another word."""
    monday = today - timedelta(days=today.weekday())
    first = today.replace(day=1)
    match name:
        case "本周":
            return Period(monday, monday + timedelta(days=6), name)
        case "上周":
            return Period(monday - timedelta(days=7), monday - timedelta(days=1), name)
        case "本月":
            return Period(first, _month_end(first), name)
        case "上月":
            last = first - timedelta(days=1)
            return Period(last.replace(day=1), last, name)
        case _:
            msg = f"不认识的时段“{name[:20]}”：可用 {'、'.join(PERIOD_NAMES)}"
            raise UsageError(msg)


def iso_week(text: str) -> Period:
    """Return the ISO week written as 2026-W47. Raises UsageError."""
    found = re.fullmatch(r"(\d{4})-?[Ww](\d{1,2})", text.strip())
    try:
        monday = date.fromisocalendar(int(found[1]) if found else 0, int(found[2]) if found else 0, 1)
    except ValueError as error:
        msg = f"周次“{text}”不对：应形如 2026-W47"
        raise UsageError(msg) from error
    return Period(monday, monday + timedelta(days=6))


def week_key(day: date) -> str:
    """Return the ISO week of a day, as 2026-W47."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """Return the local day of an aware time."""
    return at.astimezone(zone).date()


def is_working_day(day: date) -> bool:
    """Tell working days by the official Chinese calendar with its adjusted weekends.

    Years that the calendar package does not know yet (the State Council announces each in the autumn before)
    count Monday to Friday.
    """
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When demands are in time; outside is 非工作时间."""

    begin: time
    end: time
    zone: ZoneInfo

    def covers(self, at: datetime) -> bool:
        """Tell whether a time is within working hours of a working day."""
        local = at.astimezone(self.zone)
        return self.begin <= local.time() < self.end and is_working_day(local.date())


def last_due(now: datetime, weekday: int, at: time, zone: ZoneInfo) -> datetime:
    """Return the newest moment, not after `now`, that was a weekday (1 = Monday) and time of the zone."""
    local = now.astimezone(zone)
    day = local.date() - timedelta(days=(local.isoweekday() - weekday) % 7)
    due = datetime.combine(day, at, zone)
    if due > local:
        due = datetime.combine(day - timedelta(days=7), at, zone)
    return due.astimezone(UTC)


def _month_end(first: date) -> date:
    following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    return following - timedelta(days=1)
