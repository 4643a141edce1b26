"""Arithmetic on local days, with fixed dates."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from bot.errors import UsageError
from bot.period import Period, WorkingHours, is_working_day, iso_week, last_due, named, week_key

CHINA = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("name", "begin", "end"),
    [
        ("本周", date(2026, 11, 23), date(2026, 11, 29)),
        ("上周", date(2026, 11, 16), date(2026, 11, 22)),
        ("本月", date(2026, 11, 1), date(2026, 11, 30)),
        ("上月", date(2026, 10, 1), date(2026, 10, 31)),
    ],
)
def test_named_periods(name: str, begin: date, end: date) -> None:
    assert named(name, MONDAY) == Period(begin, end, name)


def test_an_unknown_period_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="本周"):
        named("去年", MONDAY)


def test_the_period_before_a_month_is_a_month() -> None:
    assert named("本月", date(2026, 3, 15)).before() == Period(date(2026, 2, 1), date(2026, 2, 28), "上月")


def test_the_period_before_a_week_is_a_week() -> None:
    assert named("本周", MONDAY).before() == Period(date(2026, 11, 16), date(2026, 11, 22), "上周")


def test_iso_weeks_at_the_turn_of_the_year() -> None:
    assert iso_week("2026-W53") == Period(date(2026, 12, 28), date(2027, 1, 3))
    assert week_key(date(2027, 1, 3)) == "2026-W53"


@pytest.mark.parametrize("text", ["2026-W54", "2026W", "last", "2025-W53", ""])
def test_a_week_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="2026-W47"):
        iso_week(text)


def test_bounds_are_local_midnights() -> None:
    begin, end = Period(MONDAY, MONDAY).bounds(CHINA)
    assert begin.astimezone(UTC) == datetime(2026, 11, 22, 16, tzinfo=UTC)
    assert (end - begin).total_seconds() == 24 * 3600


@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2025, 10, 1), False),  # National Day, a Wednesday
        (date(2025, 9, 28), True),  # a Sunday worked in its stead
        (date(2025, 10, 11), True),  # a Saturday worked in its stead
        (date(2025, 11, 22), False),  # an ordinary Saturday
        (date(2099, 1, 5), True),  # a Monday nobody has announced anything about
        (date(2099, 1, 4), False),
    ],
)
def test_working_days_follow_the_official_calendar(day: date, *, working: bool) -> None:
    assert is_working_day(day) is working


def test_working_hours_include_their_beginning_and_not_their_end() -> None:
    hours = WorkingHours(time(8), time(18), CHINA)
    assert hours.covers(datetime(2025, 11, 24, 8, 0, tzinfo=CHINA))
    assert not hours.covers(datetime(2025, 11, 24, 18, 0, tzinfo=CHINA))
    assert not hours.covers(datetime(2025, 11, 23, 10, 0, tzinfo=CHINA))


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 11, 23, 8, 29, tzinfo=CHINA), datetime(2026, 11, 16, 8, 30, tzinfo=CHINA)),
        (datetime(2026, 11, 23, 8, 30, tzinfo=CHINA), datetime(2026, 11, 23, 8, 30, tzinfo=CHINA)),
        (datetime(2026, 11, 29, 23, 59, tzinfo=CHINA), datetime(2026, 11, 23, 8, 30, tzinfo=CHINA)),
    ],
)
def test_the_last_due_moment(now: datetime, due: datetime) -> None:
    assert last_due(now, 1, time(8, 30), CHINA) == due
