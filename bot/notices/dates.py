"""Dates by their names: a month and a day, a weekday, the end of a month, so many days from now."""

from calendar import monthrange
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.notices.slots import Moment, Role

_CN_DIGITS = {
    "零": 0,
    "〇": 0,
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}


def number(text: str) -> int:
    """Return the value of a number below 100,000 written in digits or in Chinese; -1 when it is none."""
    if text.isdecimal():
        return int(text)
    total = digit = 0
    seen_unit = False
    for char in text:
        if char in _CN_DIGITS:
            digit = _CN_DIGITS[char] if seen_unit or digit == 0 else digit * 10 + _CN_DIGITS[char]
        elif char in "十百千万":
            unit = {"十": 10, "百": 100, "千": 1000, "万": 10000}[char]
            total, digit, seen_unit = total + (digit or 1) * unit, 0, True
        elif char == "廿":
            total, seen_unit = total + 20, True
        else:
            return -1
    return total + digit


def on(year: int, month: int, day: int) -> Moment | None:
    """Return a date as a moment, None where the calendar has no such day."""
    if not (1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]):
        return None
    return Moment(Role.AT, date(year, month, day))


def nearest(today: date, month: int, day: int) -> Moment | None:
    """Take the year that lies nearest, for a date without one."""
    years = (today.year - 1, today.year, today.year + 1)
    found = [moment for year in years if (moment := on(year, month, day)) and moment.day]
    return min(found, key=lambda m: abs((m.day or today) - today), default=None)


def shift(today: date, months: int) -> tuple[int, int]:
    """Return year and month so many months on."""
    index = today.year * 12 + today.month - 1 + months
    return index // 12, index % 12 + 1


def month_end(today: date, which: str | None) -> Moment | None:
    """Return the last day of a month that is named or meant."""
    year, month = today.year, today.month
    if which and which[0] in "上下":
        year, month = shift(today, 1 if which[0] == "下" else -1)
    elif which and which[0] not in "本这当":
        month = number(which)
        if not 1 <= month <= 12:
            return None
        year += (month < today.month - 6) - (month > today.month + 6)
    return on(year, month, monthrange(year, month)[1])


def weekday(today: date, which: str | None, name: str) -> Moment:
    """Return a weekday of this week or another; without a word for the week, the next to come."""
    index = 6 if name in "日天末7" else "一二三四五六".find(name)
    if index < 0:
        index = int(name) - 1
    monday = today - timedelta(days=today.weekday())
    weeks = {"下": 1, "下下": 2, "上": -1}.get(which or "", 0)
    day = monday + timedelta(days=index, weeks=weeks)
    if which is None and day < today:
        day += timedelta(days=7)
    return Moment(Role.AT, day, month_known=which is not None or day > today)


def within(local: datetime, amount: str, unit: str) -> Moment:
    """Return the end of a time that begins now."""
    count = 0.5 if amount == "半" else float(number(amount))
    if unit in {"小时", "钟头", "分钟"}:
        end = local + timedelta(minutes=count * (1 if unit == "分钟" else 60))
        return Moment(Role.DUE, end.date(), end.hour * 60 + end.minute, 10)
    days = count * (7 if unit == "周" else 1)
    return Moment(Role.DUE, (local + timedelta(days=days)).date())


def due_of(moments: tuple[Moment, ...], posted_at: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the deadline of a text: its earliest due moment, by the end of the day where no time is said."""
    local = posted_at.astimezone(zone)
    found = []
    for moment in moments:
        if moment.role is not Role.DUE:
            continue
        day = moment.day or local.date()
        minute = 1439 if moment.minute is None else moment.minute
        at = datetime.combine(day, time(0), tzinfo=zone) + timedelta(minutes=minute)
        if moment.day is None and at < local:
            at += timedelta(days=1)
        found.append(at)
    return min(found, default=None)
