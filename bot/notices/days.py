"""The day that texts without a date of their own are taken as posted on."""

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.classify.normalise import normalise
from bot.notices import times

_WEEKDAY = re.compile(r"(?:周|星期|礼拜)([一二三四五六日天])")
_BOTH = re.compile(r"(?P<day>今天|今日|明天|明日|后天)\s*\(?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])")
_AHEAD = {"今": 0, "明": 1, "后": 2}
_YEARS = (0, -1, 1, -2, 2)


def assumed_day(texts: tuple[str, ...], today: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment at which texts that name dates were most likely posted: just before the earliest.

    Two days before the earliest date that any of them names with its month, in the same week where that is
    possible, so that 周五 and 11月14日 in two wordings of one notice can be the same day. A year in which the
    weekday beside a date is right is preferred. Where no date is named it is `today`.
    """
    plain = [times.spell_ranges(normalise(text)) for text in texts]
    said = next((match for text in plain if (match := _BOTH.search(text))), None)
    if said is not None:
        index = min("一二三四五六日天".find(said["weekday"]), 6)
        monday = today - timedelta(days=today.weekday())
        return monday + timedelta(days=(index - _AHEAD[said["day"][0]]) % 7)
    dates = sorted(day for text in plain for day in times.named_dates(text, today, zone))
    if not dates:
        weekdays = any(_WEEKDAY.search(text) for text in plain)
        return today - timedelta(days=today.weekday()) if weekdays else today
    first: date = dates[0]
    weekday = next((m for text in plain for m in _WEEKDAY.findall(text)), None)
    if weekday is not None:
        index = min("一二三四五六日天".find(weekday), 6)
        fitting = (_in_year(day, day.year + step) for step in _YEARS for day in dates)
        fits = next((day for day in fitting if day and day.weekday() == index), None)
        first = (fits and _in_year(first, fits.year)) or first
    day = max(first - timedelta(days=first.weekday()), first - timedelta(days=2))
    return datetime.combine(day, today.timetz()).replace(tzinfo=zone)


def _in_year(day: date, year: int) -> date | None:
    try:
        return day.replace(year=year)
    except ValueError:  # 29 February
        return None
