"""Finds dates and times of day in a text and resolves them against the local day of the post."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.notices.dates import month_end, nearest, number, on, shift, weekday, within
from bot.notices.slots import Moment, Role

_CN = "零〇一二两三四五六七八九十廿"
_N = rf"(?:\d{{1,2}}|[{_CN}]{{1,3}})"
_WEEK = r"(?:周|星期|礼拜)"
_AFTER = (
    r"(?=\s*(?:\(|之?以?前|日|号|上午|下午|中午|晚|早|凌晨|下班|截|止|交|报|完成|到|至|起|开|召|,|。|;|!|\)|$"
    r"|(?:\d{1,2}|[一二三四五六七八九十]{1,3})[:点时]))"
)

_DATES = (
    ("ymd", rf"(?P<y1>\d{{4}})[年./-](?P<m1>{_N})[月./-](?P<d1>\d{{1,2}}|[{_CN}]{{1,3}})[日号]?"),
    (
        "md",
        (
            rf"(?P<m2>{_N})月(?P<d2>{_N})(?:[日号]|(?![\d个名人次份张篇元万户条期])"
            r"(?=[^\u4e00-\u9fff]|之?以?前|上午|下午|中午|晚|早|下班|截|止|交|报|$))"
        ),
    ),
    ("monthend", rf"(?P<mm>{_N}|本|这个|当|下个?|上个?)?月(?:底|末|内)(?!容)"),
    (
        "dot",
        (
            r"(?<![\d./-])(?<!\d:)(?P<m3>1[0-2]|0?[1-9])[./-](?P<d3>3[01]|[12]\d|0?[1-9])"
            rf"(?![\d.%:/-]|[万元米公千度个点版]){_AFTER}"
        ),
    ),
    ("day", rf"(?P<mrel>本月|这个月|当月|下月|下个月|上月|上个月)(?P<d4>{_N})[日号]"),
    (
        "bareday",
        (
            rf"(?<![\d{_CN}月第投选给编-])(?P<d5>{_N})"
            r"(?:号(?![楼栋院线库桥井机房门店铺选宿令文仓池泵厅馆矿段台投作候公会教码])"
            r"|日(?=\s*(?:之?以?前|上午|下午|中午|晚|早|凌晨|下班|截|止|\(|开|交|报|完成|\d)|\s*$))"
        ),
    ),
    (
        "weekday",
        rf"(?P<wrel>本|这|下下|下|上)?个?{_WEEK}(?P<w>[一二三四五六日天末1-7])(?![次年月天周个])",
    ),
    ("weekend", r"(?P<we>本周|这周|下周|(?<!一)周)内"),
    (
        "relative",
        (
            r"(?P<rel>大后天|后天|明天|明日|次日|第二天|明(?=早|晚|上午|下午|中午)|今天|今日"
            r"|今(?=早|晚|夜|上午|下午|中午)|当天|当日|昨天|昨日|昨晚|即日)"
        ),
    ),
    ("year", r"(?P<ye>年底|年末|年内)"),
    (
        "within",
        rf"(?P<wn>\d{{1,3}}|[{_CN}]{{1,3}}|半)个?(?P<wu>工作日|小时|分钟|钟头|天|日|周)(?:之|以)?内",
    ),
)
_PART = r"(?P<part>凌晨|清晨|早上|早晨|上午|中午|午间|下午|傍晚|晚上|晚间|夜间|夜里|今晚|(?<=[今明当昨])夜|早|晚|午)"
_CLOCK = (
    rf"(?:(?P<h1>\d{{1,2}})[:](?P<min1>[0-5]\d)(?!\d)"
    rf"|(?P<h2>\d{{1,2}}|[{_CN}]{{1,3}})(?:点钟|点|时(?!间|段|限|常|候|效|代))(?:(?P<half>半|整|一刻|三刻)|(?P<min2>[0-5]?\d|[{_CN}]{{1,3}})分?(?![个名人次份张])|))"
)
_TIMES = (
    ("offwork", r"(?P<shift>下班|上班)(?:之|以)?前?"),
    ("clock", rf"{_PART}?\s*{_CLOCK}"),
    (
        "daypart",
        r"(?P<dp>凌晨|清晨|早上|早晨|上午|中午|午间|下午|傍晚|晚上|晚间|夜间|夜里|今晚|(?<=[今明天日一二三四五六])(?:早|晚|夜)(?![会点间报饭餐稻]))",
    ),
    ("midnight", r"(?P<zero>零点|午夜)"),
)
_FINDER = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in (*_DATES, *_TIMES)))
_RANGES = (
    (
        re.compile(r"(?<![\d.])(1[0-2]|0?[1-9])\.(\d{1,2})\s*(?:-+|—+|–|~|至|到)\s*(1[0-2]|0?[1-9])\.(\d{1,2})(?![\d.])"),
        r"\1月\2日至\3月\4日",
    ),
    (re.compile(r"(\d{1,2})月(\d{1,2})[日号]?\s*(?:-+|—+|–|~|至|到)\s*(\d{1,2})[日号](?!\d)"), r"\1月\2日至\1月\3日"),
)  # fmt: skip
_CALENDAR = frozenset(("ymd", "md", "dot", "day", "bareday"))
_DATE_KINDS = frozenset(name for name, _ in _DATES)
_DUE_AFTER = re.compile(r"\s*\)?\s*(?:之|以)?(?:前(?!往|来|去|期|进)|截止|截|止|为止|内)")
_DUE_BEFORE = re.compile(
    r"(?:截止(?:时间|日期|到|至|于)?|截至|最迟|最晚|时限|期限|不超过|不晚于|限)(?:为|是|在|于)?[:\s]*$"
)
_RANGE = re.compile(r"\s*(?:-+|—+|–|~|至|到)\s*$")
_GAP = re.compile(r"[\s(),的于在]*$")

# Minutes after midnight and how far off still agrees, for words that are no exact time.
_PARTS = {
    "凌晨": (180, 180), "清晨": (390, 90), "早上": (465, 105), "早晨": (465, 105), "早": (465, 105),
    "上午": (600, 120), "中午": (720, 60), "午间": (720, 60), "午": (720, 60), "下午": (930, 150),
    "傍晚": (1110, 60), "晚上": (1200, 150), "晚间": (1200, 150), "夜间": (1260, 180), "夜里": (1260, 180),
    "今晚": (1200, 150), "夜": (1290, 210), "晚": (1200, 150),
}  # fmt: skip
_OFF_WORK = (1080, 75)
_ON_WORK = (510, 45)
_LATE = frozenset(("下午", "傍晚", "晚上", "晚间", "夜间", "夜里", "今晚", "晚", "夜"))
_REL_DAYS = {
    "大后天": 3, "后天": 2, "明天": 1, "明日": 1, "次日": 1, "第二天": 1, "明": 1, "今天": 0, "今日": 0,
    "今": 0, "当天": 0, "当日": 0, "昨天": -1, "昨日": -1, "昨晚": -1, "即日": 0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """The moments of a text, and the spans that said them."""

    moments: tuple[Moment, ...]
    spans: tuple[tuple[int, int], ...]


def spell_ranges(text: str) -> str:
    """Write a range of days out, both ends with their month: 11.12—11.18, 11月12日至18日."""
    for pattern, spelt in _RANGES:
        text = pattern.sub(spelt, text)
    return text


def find(text: str, posted_at: datetime, zone: ZoneInfo) -> Found:
    """Find every moment in a normalised text."""
    local = posted_at.astimezone(zone)
    moments: list[Moment] = []
    spans: list[tuple[int, int]] = []
    pending: Moment | None = None
    pending_end = 0
    pending_kind = ""

    def flush() -> None:
        nonlocal pending
        if pending is not None:
            moments.append(pending)
        pending = None

    for match in _FINDER.finditer(text):
        found = _read(match, local)
        if found is None:
            continue
        is_date = match.lastgroup in _DATE_KINDS or found.day is not None
        role = _role(text, match)
        if pending is not None and _GAP.fullmatch(text[pending_end : match.start()]):
            if is_date and found.minute is None and pending.minute is None and pending.day is not None:
                # 11月8日(周日) says one day twice: the date counts, whatever its order
                found = pending if pending_kind in _CALENDAR else found
            elif not is_date and pending.minute is None:
                found = Moment(pending.role, pending.day, found.minute, found.loose, pending.month_known)
            else:
                flush()
        elif pending is not None:
            if role is Role.UNTIL and found.day is None:
                found = _until(pending, found, match)
            flush()
        if role is Role.AT and pending is not None:
            role = pending.role
        pending = Moment(role, found.day, found.minute, found.loose, found.month_known)
        pending_end = match.end()
        if is_date:
            pending_kind = match.lastgroup or ""
        spans.append(match.span())
    flush()
    return Found(tuple(moments), tuple(spans))


def _until(start: Moment, end: Moment, match: re.Match[str]) -> Moment:
    """Finish a range: 凌晨1点到5点 ends before dawn, not in the afternoon."""
    minute = end.minute
    if start.minute is not None and minute is not None and not match.group("part") and match.group("h2"):
        early = number(match.group("h2")) * 60
        if start.minute < early < minute:
            minute = early + minute % 60
    return Moment(Role.UNTIL, start.day, minute, end.loose, start.month_known)


def named_dates(text: str, posted_at: datetime, zone: ZoneInfo) -> list[date]:
    """Return the dates that a normalised text names with their month."""
    local = posted_at.astimezone(zone)
    found = [
        _read(match, local) for match in _FINDER.finditer(text) if match.lastgroup in {"ymd", "md", "dot"}
    ]
    return [moment.day for moment in found if moment and moment.day]


def _role(text: str, match: re.Match[str]) -> Role:
    if match.group().endswith(("前", "内")) or _DUE_AFTER.match(text, match.end()):
        return Role.DUE
    before = text[max(0, match.start() - 10) : match.start()]
    if _DUE_BEFORE.search(before):
        return Role.DUE
    if _RANGE.search(before):
        return Role.UNTIL
    return Role.AT


def _read(match: re.Match[str], local: datetime) -> Moment | None:
    kind = match.lastgroup
    g = match.group
    today = local.date()
    if kind == "ymd":
        return on(int(g("y1")), number(g("m1")), number(g("d1")))
    if kind in {"md", "dot"}:
        suffix = "2" if kind == "md" else "3"
        return nearest(today, number(g("m" + suffix)), number(g("d" + suffix)))
    if kind == "monthend":
        return month_end(today, g("mm"))
    if kind == "day":
        step = {"下": 1, "上": -1}.get(g("mrel")[0], 0)
        year, month = shift(today, step)
        return on(year, month, number(g("d4")))
    if kind == "bareday":
        found = on(today.year, today.month, number(g("d5")))
        if found and found.day and found.day < today:
            found = on(*shift(today, 1), number(g("d5")))
        return found and Moment(found.role, found.day, month_known=False)
    if kind == "weekday":
        return weekday(today, g("wrel"), g("w"))
    if kind == "weekend":
        return Moment(Role.AT, today + timedelta(days=6 - today.weekday() + (7 if g("we") == "下周" else 0)))
    if kind == "relative":
        minute, loose = _PARTS["晚"] if g("rel") == "昨晚" else (None, 0)
        return Moment(Role.AT, today + timedelta(days=_REL_DAYS[g("rel")]), minute, loose)
    if kind == "year":
        return Moment(Role.AT, date(today.year, 12, 31))
    if kind == "within":
        return within(local, g("wn"), g("wu"))
    if kind == "offwork":
        minute, loose = _OFF_WORK if g("shift") == "下班" else _ON_WORK
        return Moment(Role.AT, None, minute, loose)
    if kind == "midnight":
        return Moment(Role.AT, None, 1440)
    if kind == "daypart":
        minute, loose = _PARTS[g("dp")]
        return Moment(Role.AT, None, minute, loose)
    return _clock(match)


def _clock(match: re.Match[str]) -> Moment | None:
    part = match.group("part")
    hour = number(match.group("h1") or match.group("h2"))
    if not 0 <= hour <= 24:
        return None
    if hour in {0, 12} and part in _LATE:
        hour = 24  # 晚上12点 and 今晚零点 are midnight
    minutes = {"半": 30, "整": 0, "一刻": 15, "三刻": 45}.get(match.group("half") or "")
    if minutes is None:
        minutes = number(match.group("min1") or match.group("min2") or "0")
    # Without a part of the day, 1 to 6 o'clock is the afternoon: nobody sets a deadline before dawn.
    late = (
        part in _LATE or (part in {"中午", "午", "午间"} and hour < 11) or (part is None and 1 <= hour <= 6)
    )
    # 6:00, also spelt 6点00 by the normaliser, is of a clock of 24 hours; 6点 is not.
    exact = match.group("h1") or len(match.group("min2") or "") == 2
    if hour < 12 and (part in _LATE or (late and not exact)):
        hour += 12
    return Moment(Role.AT, None, hour * 60 + minutes)
