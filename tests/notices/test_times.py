"""Dates and times of day, resolved against the day of the post (Thursday 5 November 2026, 9:00)."""

from datetime import datetime, timedelta

import pytest

from bot.notices.compare import moments_differ
from bot.notices.dates import number
from bot.notices.days import assumed_day
from tests.notices.kit import START, ZONE, features


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("11月8日前报", "2026-11-08 23:59"),
        ("11.15前报", "2026-11-15 23:59"),
        ("15号前报", "2026-11-15 23:59"),
        ("3号前报", "2026-12-03 23:59"),
        ("2026年12月1日前", "2026-12-01 23:59"),
        ("1月5日前报", "2027-01-05 23:59"),
        ("十一月八日前", "2026-11-08 23:59"),
        ("今天下班前", "2026-11-05 18:00"),
        ("下班前报", "2026-11-05 18:00"),
        ("明天上午10点前", "2026-11-06 10:00"),
        ("后天12:00前", "2026-11-07 12:00"),
        ("今晚9点前", "2026-11-05 21:00"),
        ("今晚21:00前", "2026-11-05 21:00"),
        ("晚上九点前", "2026-11-05 21:00"),
        ("下午5点前", "2026-11-05 17:00"),
        ("5点前", "2026-11-05 17:00"),
        ("明天下午三点半前", "2026-11-06 15:30"),
        ("截止今晚12点", "2026-11-06 00:00"),
        ("今晚24:00前", "2026-11-06 00:00"),
        ("周五前", "2026-11-06 23:59"),
        ("本周五前", "2026-11-06 23:59"),
        ("周一前", "2026-11-09 23:59"),
        ("下周一前", "2026-11-09 23:59"),
        ("下周五中午12点前", "2026-11-13 12:00"),
        ("星期天前", "2026-11-08 23:59"),
        ("月底前", "2026-11-30 23:59"),
        ("12月底前", "2026-12-31 23:59"),
        ("下月5号前", "2026-12-05 23:59"),
        ("三天内", "2026-11-08 23:59"),
        ("24小时内", "2026-11-06 09:00"),
        ("半小时内", "2026-11-05 09:30"),
        ("8点前", "2026-11-06 08:00"),
        ("截止时间：11月8日17:30", "2026-11-08 17:30"),
        ("11月8日（周日）17:00前", "2026-11-08 17:00"),
    ],
)
def test_a_deadline_is_resolved(text: str, due: str) -> None:
    wanted = datetime.strptime(due, "%Y-%m-%d %H:%M").replace(tzinfo=ZONE)
    assert features(f"请{text}报送总结").due == wanted


@pytest.mark.parametrize(
    "text", ["明天上午9点开会", "请报送总结", "尽快报送", "3号投票", "1.5万元", "前三季度"]
)
def test_what_is_no_deadline_gives_none(text: str) -> None:
    assert features(text).due is None


@pytest.mark.parametrize("day", range(7))
def test_today_is_today_on_working_days_and_weekends_alike(day: int) -> None:
    posted = START + timedelta(days=day)
    due = features("今天下班前报", posted).due
    assert due is not None
    assert due.date() == posted.date()


def test_the_local_day_decides_not_the_utc_day() -> None:
    late = datetime(2026, 11, 5, 23, 30, tzinfo=ZONE)
    due = features("明天下班前报", late).due
    assert due is not None
    assert due.astimezone(ZONE).day == 6


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("今晚9点", "今晚21:00"),
        ("11月15日", "11.15"),
        ("11月15日前", "15号前"),
        ("周五前", "本周五之前"),
        ("今天下班前", "17:30前"),
        ("中午12点前", "12:00前"),
        ("明早8点半", "明天上午8:30"),
        ("11月12日至18日", "11.12—11.18"),
        ("11月8日前", "11月8日17:00前"),
        ("今夜十点", "今晚22:00"),
        ("本周日24点", "本周日晚上12点"),
    ],
)
def test_one_moment_in_two_spellings_agrees(a: str, b: str) -> None:
    assert not moments_differ(features(a), features(b))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("今天", "明天"),
        ("11月8日前", "11月9日前"),
        ("本周六", "本周日"),
        ("明天上午", "明天下午"),
        ("早上8点", "晚上8点"),
        ("11月12日至18日", "11月12日至28日"),
        ("周五前", "下周五前"),
        ("17:00前", "12:00前"),
        ("6:00-12:00", "12:00-18:00"),
    ],
)
def test_two_moments_differ(a: str, b: str) -> None:
    assert moments_differ(features(a), features(b))


@pytest.mark.parametrize(
    ("text", "value"),
    [("十", 10), ("二十三", 23), ("两", 2), ("一百零五", 105), ("12", 12), ("廿八", 28), ("甲", -1)],
)
def test_numbers_are_read(text: str, value: int) -> None:
    assert number(text) == value


@pytest.mark.parametrize("text", ["13月40日前", "25点前", "2月30日前", "99:99", "0月0日", "每月32号"])
def test_impossible_dates_are_no_dates(text: str) -> None:
    assert features(text).due is None


def test_a_pair_is_read_on_a_day_that_fits_its_dates() -> None:
    # 14 November was a Friday in 2025: both wordings mean one day.
    day = assumed_day(("11月14日（周五）前报", "周五前报"), START, ZONE)
    assert day.date().isoformat() == "2025-11-12"
    assert assumed_day(("今天报", "明天报"), START, ZONE) == START
    assert assumed_day(("明天（周三）开会", ""), START, ZONE).weekday() == 1
