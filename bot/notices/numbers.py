"""Finds the numbers that matter in a text, with their units, and the periods that a text covers."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from bot.notices.dates import number

_CN = "零〇一二两三四五六七八九十百千"
_NUMBER = rf"\d+(?:\.\d+)?|[{_CN}]+"
_PERIODS = re.compile(
    rf"(?P<year>\d{{4}})年(?:度)?|(?P<year_rel>今年度?|去年度?|明年度?|本年度|上年度)"
    rf"|第?(?P<quarter>前?[一二三四1-4])季度|(?P<quarter_rel>本季度|上季度|上个季度)"
    rf"|(?P<half>上半年|下半年)"
    rf"|(?<![\d{_CN}])(?P<month>1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九])月份?(?![\d{_CN}])"
    r"|(?P<month_rel>本月|当月|上个?月|下个?月|这个月)份?"
    r"|(?P<week_rel>本周|这周|上周|下周)"
)
_FREQUENCY = re.compile(
    rf"每(?:隔)?(?P<n>\d+|[{_CN}]+)?个?(?P<u>小时|钟头|天|日|周|星期|月|季度|年|晚|早)|(?P<short>[一1])[日天周月](?=[一二两三四五六\d]+[报次回趟])|(?P<paper>日|周|月|季)报(?![到名送])"
)
_MANY = re.compile(
    rf"(?P<first>第)?(?P<a>{_NUMBER})(?:\s*(?:-|—|~|至|到|、)\s*(?P<b>{_NUMBER}))?\s*(?P<more>多|余|来)?"
)
_BOUND = re.compile(
    r"(?:周岁|岁|人|元|万|名|%|分|级|度|亩|户|米|天|个)?(?P<bound>以上|以下|以内|及以上|及以下|以外)"
)
_LONG = 7
_EVERY = "每"
_SPANS = ("小时", "工作日", "月", "星期", "周", "村", "人", "班", "社区", "单位", "支部")
_CODES = re.compile(r"(?<![0-9a-z])(?:\d+[a-z]{1,3}\d*|[a-z]{1,3}-?\d{2,})(?![0-9a-z])")
# A class of a school: 五(2)班, 五年级2班, 高一3班. In brackets or behind a grade, else 五、六班 would be one.
_CLASSES = re.compile(
    r"(?P<grade>[初高][一二三123]|[一二三四五六七八九1-9](?=年级|\(|[0-9]))(?:年级)?\s*\(?(?P<class>\d{1,2}|[一二三四五六七八九十]{1,2})\)?班"
    r"|(?<![\d.])\((?P<alone>\d{1,2}|[一二三四五六七八九十]{1,2})\)班"
)
# Numbers that are part of an ordinary word or say no more than "a".
_WORDLIKE = re.compile(
    "一[次遍回下]|三[农公资包]|两[委癌会项迁]|一[般定致律并起同]|四[害风]|[两三四]轮[车摩电]|一[卡码站窗张]通|一张图|一件事|三会一课|两优一先|双随机|百[姓]|千[万家]|十[分]"
)


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number that matters: its value in one spelling, the unit within which values exclude each other."""

    value: str
    unit: str
    span: tuple[int, int]
    is_period: bool = False


def find_numbers(
    text: str, units: Mapping[str, str], today: date, cut: Callable[[str], list[str]]
) -> list[Numeral]:
    """Return the numbers and periods of a normalised text whose dates are blanked."""
    found: list[Numeral] = []
    for finder, read in ((_CLASSES, _class), (_PERIODS, _period), (_CODES, _code), (_FREQUENCY, _frequency)):
        new = [read(match, today) for match in finder.finditer(text)]
        found += new
        text = _blank(text, [n.span for n in new if n.span[1] > n.span[0]])
    frequent = {n.span[1] for n in found if n.unit == _EVERY}
    return found + list(_counted(text, units, cut, frequent))


def _counted(
    text: str, units: Mapping[str, str], cut: Callable[[str], list[str]], frequent: Collection[int]
) -> Iterator[Numeral]:
    """Yield the counted things; right behind a frequency (at `frequent`) 一次 is a number too."""
    longest = max(map(len, units))
    for match in _MANY.finditer(text):
        first, a, b, end = match["first"] or "", match["a"], match["b"], match.end()
        unit = next((text[end : end + n] for n in range(longest, 0, -1) if text[end : end + n] in units), "")
        if unit and len(cut(text[end : end + 4])[0]) > len(unit):
            unit = ""  # 207线张家坳: the unit is the beginning of a word
        digits = a[0].isdecimal()
        if not unit and (not digits or (len(a) == 1 and not first)):
            continue
        wordlike = _WORDLIKE.match(text, match.start()) and match.start() not in frequent
        if unit and not digits and not b and wordlike:
            continue
        span = (match.start(), end + len(unit))
        if unit == "个" and text.startswith(_SPANS, end + 1):
            unit = next(word for word in _SPANS if text.startswith(word, end + 1))
            span = (match.start(), end + 1 + len(unit))
        value = _value(a) + (f"-{_value(b)}" if b else "")
        kind = "号码" if len(a) >= _LONG else units.get(unit, unit)
        yield Numeral(value, first + kind, span)
        bound = _BOUND.match(text, span[1])
        if bound:
            yield Numeral(bound["bound"].removeprefix("及"), kind + "界", bound.span())


def _code(match: re.Match[str], today: date) -> Numeral:  # noqa: ARG001 - read like the others
    return Numeral(match.group(), "编号", match.span())


def _class(match: re.Match[str], today: date) -> Numeral:  # noqa: ARG001 - read like the others
    grade = match["grade"] or ""
    number_of_class = _value(match["class"] or match["alone"])
    return Numeral(
        f"{grade[:-1]}{_value(grade[-1]) if grade else ''}-{number_of_class}", "班级", match.span()
    )


def _frequency(match: re.Match[str], today: date) -> Numeral:  # noqa: ARG001 - read like the others
    unit = match["u"] or (match.group()[-1] if match["short"] else match["paper"]) or ""
    unit = {"日": "天", "星期": "周", "钟头": "小时", "晚": "天", "早": "天"}.get(unit[-1:], unit)
    # 日报 stays in the text: it is also what is demanded.
    span = (match.start(), match.start()) if match["paper"] else match.span()
    return Numeral(f"{_value(match['n'] or '1')}{unit}", _EVERY, span)


def _value(text: str) -> str:
    if text[0].isdecimal():
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(number(text))


def _period(match: re.Match[str], today: date) -> Numeral:
    kind = match.lastgroup or ""
    said = match[kind]
    step = {"上": -1, "去": -1, "下": 1, "明": 1}.get(said[0], 0)
    year, week = (today + timedelta(weeks=step)).isocalendar()[:2]
    value, unit = {
        "year": (said, "年"),
        "year_rel": (str(today.year + step), "年"),
        "quarter": (said[:-1] + _value(said[-1]), "季度"),
        "quarter_rel": (str(((today.month - 1) // 3 + step) % 4 + 1), "季度"),
        "half": (said, "半年"),
        "month": (_value(said), "月"),
        "month_rel": (str((today.month - 1 + step) % 12 + 1), "月"),
        "week_rel": (f"{year}-{week}", "周"),
    }[kind]
    return Numeral(value, unit, match.span(), is_period=True)


def _blank(text: str, spans: list[tuple[int, int]]) -> str:
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text
