"""Finds the numbers that matter in a text, with their units, and the periods that a text covers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from bot.notices.times import number

_CN = "零〇一二两三四五六七八九十百千"
_NUMBER = rf"\d+(?:\.\d+)?|[{_CN}]+"
_PERIODS = re.compile(
    rf"(?P<year>\d{{4}})年(?:度)?|(?P<year_rel>今年|去年|明年|本年度|上年度)"
    rf"|第?(?P<quarter>[一二三四1-4])季度|(?P<quarter_rel>本季度|上季度|上个季度)"
    rf"|(?P<half>上半年|下半年)"
    rf"|(?<![\d{_CN}])(?P<month>1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九])月份?(?![\d{_CN}])"
    r"|(?P<month_rel>本月|当月|上个?月|下个?月|这个月)份?"
    r"|(?P<week_rel>本周|这周|上周|下周)"
)
_FREQUENCY = re.compile(
    rf"每(?:隔)?(?P<n>\d+|[{_CN}]+)?个?(?P<u>小时|钟头|天|日|周|星期|月|季度|年)|(?P<short>[一1])[日天周月](?=一[报次报])|(?P<paper>日|周|月|季)报(?![到名送])"
)
_MANY = re.compile(
    rf"(?P<first>第)?(?P<a>{_NUMBER})(?:\s*(?:-|—|~|至|到|、)\s*(?P<b>{_NUMBER}))?\s*(?P<more>多|余|来)?"
)
_BOUND = re.compile(r"(?:周岁|岁|人|元|万|名|%|分|级|度|亩|户|米|天|个)?(?P<bound>以上|以下|以内|及以上|及以下|以外)")
_LONG = 7


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number that matters: its value in one spelling, and the unit within which values exclude each other."""

    value: str
    unit: str
    is_period: bool = False


def find_numbers(
    text: str, units: Mapping[str, str], today: date
) -> tuple[list[Numeral], list[tuple[int, int]]]:
    """Return the numbers and periods of a normalised text without its dates, and their spans."""
    found: list[Numeral] = []
    spans: list[tuple[int, int]] = []
    for match in _PERIODS.finditer(text):
        found.append(_period(match, today))
        spans.append(match.span())
    text = _blank(text, spans)
    for match in _FREQUENCY.finditer(text):
        unit = match.group("u") or match.group("short") or match.group("paper") or ""
        unit = {"日": "天", "星期": "周", "钟头": "小时", "一": "天", "1": "天"}.get(unit, unit)
        found.append(Numeral(f"{_value(match.group('n') or '1')}{unit}", "每"))
        if match.group("paper") is None:
            spans.append(match.span())
    text = _blank(text, spans)
    longest = max(map(len, units))
    for match in _MANY.finditer(text):
        end = match.end()
        unit = next((text[end : end + n] for n in range(longest, 0, -1) if text[end : end + n] in units), "")
        digits = match.group("a")[0].isdecimal()
        if not unit and (not digits or len(match.group("a")) == 1 and not match.group("first")):
            continue
        value = _value(match.group("a"))
        if match.group("a") in {"一", "1"} and unit in {"次", "遍", "回"} and not match.group("first"):
            spans.append((match.start(), end + len(unit)))
            continue
        if match.group("b"):
            value += "-" + _value(match.group("b"))
        kind = "号码" if len(match.group("a")) >= _LONG else units.get(unit, unit)
        found.append(Numeral(value, ("第" if match.group("first") else "") + kind))
        spans.append((match.start(), end + len(unit)))
        bound = _BOUND.match(text, end)
        if bound:
            found.append(Numeral(bound.group("bound").removeprefix("及"), kind + "界"))
            spans.append((end, bound.end()))
    return found, spans


def _value(text: str) -> str:
    if text[0].isdecimal():
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(number(text))


def _period(match: re.Match[str], today: date) -> Numeral:
    kind = match.lastgroup or ""
    said = match.group(kind)
    if kind == "year":
        return Numeral(said, "年", is_period=True)
    if kind == "year_rel":
        return Numeral(str(today.year + {"去": -1, "上": -1, "明": 1}.get(said[0], 0)), "年", is_period=True)
    if kind == "quarter":
        return Numeral(_value(said), "季度", is_period=True)
    if kind == "quarter_rel":
        quarter = (today.month - 1) // 3 + (0 if said[0] == "上" else 1)
        return Numeral(str(quarter or 4), "季度", is_period=True)
    if kind == "half":
        return Numeral(said, "半年", is_period=True)
    if kind == "month":
        return Numeral(_value(said), "月", is_period=True)
    if kind == "month_rel":
        step = {"上": -1, "下": 1}.get(said[0], 0)
        return Numeral(str((today.month - 1 + step) % 12 + 1), "月", is_period=True)
    day = today + timedelta(weeks={"上": -1, "下": 1}.get(said[0], 0))
    return Numeral("{}-{}".format(*day.isocalendar()[:2]), "周", is_period=True)


def _blank(text: str, spans: list[tuple[int, int]]) -> str:
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text
