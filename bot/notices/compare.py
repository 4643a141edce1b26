"""Whether two posts carry the same notice, and if not, what sets them apart.

Words are aligned first: what both texts say is shared, whatever its order and wording; what only one says is
left over. Leftovers on one side alone are an addition (a reminder is shorter than its notice). Leftovers on
both sides set two notices apart when they stand in the same place (请报X统计表, 请报Y统计表), exclude each other
by their kind (总结 and 方案, 60岁 and 80岁), or when too little is shared beside them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from bot.notices.slots import CONTENT, Features, Item, Moment, Slot

_NAMES = {
    Slot.SUBJECT: "事项", Slot.OBJECT: "索要内容", Slot.ACTION: "动作", Slot.ADDRESSEE: "对象",
    Slot.PLACE: "地点", Slot.NUMBER: "数字", Slot.PERIOD: "所属时期", Slot.STATE: "方向", Slot.NAME: "名称",
}  # fmt: skip
_ALIGNED = frozenset((*CONTENT, Slot.PLACE, Slot.NUMBER, Slot.PERIOD, Slot.ADDRESSEE))
_ROLES = {
    Slot.SUBJECT: "thing", Slot.OBJECT: "thing", Slot.PLACE: "thing", Slot.ACTION: "act", Slot.ADDRESSEE: "who",
    Slot.NUMBER: "thing", Slot.PERIOD: "thing", Slot.STATE: "state", Slot.NAME: "name",
}  # fmt: skip
_ABOUT = frozenset((*CONTENT, Slot.PLACE))
_REPLACEABLE = frozenset((*CONTENT, Slot.PLACE, Slot.ADDRESSEE))
_WEAK = 25  # an item below this weight is passed over
_TELLING = 40  # an item below this weight tells nothing apart by itself
_LITTLE = 60  # shared weight that is enough when nothing differs
_SPECIFIC = 100  # shared weight below which two texts have too little in common
_CONTAINED = 0.5  # share of the poorer text that the other must have
_NEARLY = 0.75  # Jaccard similarity from which a text is a copy: any exchanged word is meant
_OUTWEIGHED = 0.8  # what differs on both sides, as a share of what is shared, from which they are apart
_NEAR = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What two posts are to each other; `changed` names the slots that differ."""

    same: bool
    score: float
    why: str
    changed: tuple[str, ...] = ()
    series: bool = False  # the same words for another date or period
    version: bool = False  # the later one says that the deadline or place was changed
    cancels: bool = False  # the later one calls the earlier one off
    material: bool = False  # the same thing is demanded, whoever demands it and until when


@dataclass(frozen=True, slots=True)
class Alignment:
    """What two texts share, in summed weights, and what each has alone."""

    shared: int  # what it is about; numbers and addressees are not that
    contained: float  # of the poorer text's content, the share that the other has
    alike: float  # Jaccard similarity of the 2-grams
    left: tuple[Item, ...]
    right: tuple[Item, ...]
    numbers: frozenset[int]  # that both have

    @property
    def conflict(self) -> int:
        """The weight of what the side with less alone has alone."""
        return min(_mass(self.left), _mass(self.right))


Difference = tuple[str, list[Item], list[Item]]


def align(a: Features, b: Features) -> Alignment:
    """Align the content of two texts."""
    about_a, shared_a, total_a, left = _cover(a, b)
    about_b, shared_b, total_b, right = _cover(b, a)
    contained = max(shared_a / total_a if total_a else 0.0, shared_b / total_b if total_b else 0.0)
    union = len(a.grams | b.grams)
    alike = len(a.grams & b.grams) / union if union else 1.0
    return Alignment(
        min(about_a, about_b), contained, alike, tuple(left), tuple(right), _numbers(a) & _numbers(b)
    )


def _numbers(features: Features) -> frozenset[int]:
    return frozenset(item.value for item in features.items if item.slot is Slot.NUMBER)


def _cover(a: Features, b: Features) -> tuple[int, int, int, list[Item]]:
    values = {item.value for item in b.items}
    seen: set[int] = set()
    about = shared = total = 0
    left = []
    for item in a.items:
        if item.slot not in _ALIGNED:
            continue
        covered = item.value in values or item.value in b.aliases or _spelt(item, b)
        if item.value not in seen:
            seen.add(item.value)
            # A number or an addressee that only one text has is an addition, never a lack.
            total += item.weight if covered or item.slot in CONTENT else 0
            shared += item.weight * covered
            about += item.weight * covered if item.slot in _ABOUT else 0
        if not covered:
            left.append(item)
    return about, shared, total, left


def _mass(items: Iterable[Item]) -> int:
    return sum({i.value: i.weight for i in items if i.weight >= _TELLING and i.slot in CONTENT}.values())


def _spelt(item: Item, other: Features) -> bool:
    return bool(item.grams) and all(gram in other.grams for gram in item.grams)


def same(a: Features, b: Features) -> Verdict:
    """Compare two posts, the earlier one first; features made with one key, packed or not."""
    words = {**a.readable, **b.readable}
    if a.exact == b.exact and not a.substance:
        return Verdict(same=True, score=1.0, why="文字相同")
    found = align(a, b)
    score = round(found.contained, 3)
    apart = _unlike(a, b, found)
    if apart:
        return Verdict(same=False, score=score, why=_tell(apart, words), changed=(apart[0],))
    complete = not found.conflict and found.shared >= _LITTLE
    if not complete and (found.shared < _SPECIFIC or found.contained < _CONTAINED):
        return Verdict(same=False, score=score, why="共同内容太少，不能认定为同一通知", changed=("事项",))
    differences = [
        difference
        for slot in (Slot.ADDRESSEE, Slot.PLACE, Slot.NUMBER, Slot.PERIOD)
        if (difference := _kinds_apart(a, b, slot))
    ]
    changed = [difference[0] for difference in differences]
    told = [_tell(difference, words) for difference in differences]
    if moments_differ(a, b):
        changed.append("时间")
        told.append(f"时间不同：{_moments(a)}／{_moments(b)}")
    material = not {"数字", "所属时期"} & set(changed) and not a.cancels and not b.cancels
    if a.cancels != b.cancels:
        return Verdict(
            same=False, score=score, why="一个取消或免除另一个", changed=("取消", *changed), cancels=b.cancels
        )
    if not changed:
        return Verdict(same=True, score=score, why="事项、对象、时间、数字都一致", material=material)
    version = b.changes and not a.changes and set(changed) <= {"时间", "地点"}
    series = set(changed) <= {"时间", "所属时期"} and not version
    return Verdict(
        same=False,
        score=score,
        why="；".join(told),
        changed=tuple(changed),
        series=series,
        version=version,
        material=material,
    )


def _unlike(a: Features, b: Features, found: Alignment) -> Difference | None:
    """Find what makes two texts be about different things."""
    instead = _in_place(found)
    if instead:
        return instead
    where = _places_apart(a, b)
    if where:
        return where
    families = (
        _families_apart(a, b)
        or _kinds_apart(a, b, Slot.OBJECT)
        or _kinds_apart(a, b, Slot.STATE)
        or _names_apart(a, b)
    )
    if families:
        return families
    limit = _LITTLE if found.alike >= _NEARLY else _OUTWEIGHED * found.shared
    if found.conflict >= max(limit, 1):
        return "事项", _telling(found.left), _telling(found.right)
    return None


def _telling(items: Iterable[Item]) -> list[Item]:
    return [item for item in items if item.weight >= _TELLING and item.slot in CONTENT]


def _in_place(found: Alignment) -> Difference | None:
    """Find two leftovers of which one stands where the other does: beside the same word on the same side."""
    slots = _REPLACEABLE if found.alike < _NEARLY else _ALIGNED
    theirs = _runs(found.right, slots)
    for mine in _runs(found.left, slots):
        for yours in theirs:
            before = mine[0].before and mine[0].before == yours[0].before
            after = mine[-1].after and mine[-1].after == yours[-1].after
            weight = min(max(i.weight for i in mine), max(i.weight for i in yours))
            if not (before or after):
                before = after = _across_number(mine, yours, found.numbers)
            beside = before or after
            limit = _WEAK if before and after else _TELLING
            if beside and weight >= limit and _alike(mine, yours):
                return _NAMES[mine[0].slot], mine, yours
    return None


def _across_number(mine: list[Item], yours: list[Item], numbers: frozenset[int]) -> bool:
    """Tell whether both runs stand beside one number, on whichever side: 主持人1名, 1名表演者."""
    beside = {mine[0].before, mine[-1].after} & {yours[0].before, yours[-1].after}
    return bool(beside & numbers)


def _alike(mine: list[Item], yours: list[Item]) -> bool:
    """Tell whether two runs can stand for each other: not a verb for a noun, nor a person for a thing."""
    return bool({_role(item) for item in mine} & {_role(item) for item in yours})


def _role(item: Item) -> str:
    """Return what an item is grammatically; a person who is not addressed is still a person."""
    return "who" if item.slot is Slot.SUBJECT and item.kind else _ROLES[item.slot]


def _runs(items: Iterable[Item], slots: frozenset[Slot]) -> list[list[Item]]:
    """Put leftovers that stand side by side together."""
    runs: list[list[Item]] = []
    for item in items:
        if item.slot not in slots:
            continue
        if runs and item.before and any(item.before == other.value for other in runs[-1]):
            runs[-1].append(item)
        else:
            runs.append([item])
    return runs


def _names_apart(a: Features, b: Features) -> Difference | None:
    """Find that each text has a name in quotes that the other does not have, quoted or not."""
    mine = [item for item in a.items if item.slot is Slot.NAME and not _in(item, b)]
    yours = [item for item in b.items if item.slot is Slot.NAME and not _in(item, a)]
    return (_NAMES[Slot.NAME], mine, yours) if mine and yours else None


def _places_apart(a: Features, b: Features) -> Difference | None:
    """Find that both say where, and no word of the place agrees, nor a number (五楼)."""
    mine = [item for item in a.items if item.slot is Slot.PLACE and item.weight >= _TELLING]
    yours = [item for item in b.items if item.slot is Slot.PLACE and item.weight >= _TELLING]
    kinds = {item.kind for item in mine} & {item.kind for item in yours}
    mine = [item for item in mine if item.kind in kinds]
    yours = [item for item in yours if item.kind in kinds]
    if not mine or any(_in(item, b) for item in mine) or any(_in(item, a) for item in yours):
        return None
    return None if _numbers(a) & _numbers(b) else (_NAMES[Slot.PLACE], mine, yours)


def _in(item: Item, other: Features) -> bool:
    return (
        any(item.value == i.value for i in other.items) or item.value in other.aliases or _spelt(item, other)
    )


def _families_apart(a: Features, b: Features) -> Difference | None:
    """Find that each text demands objects only of families that the other has none of."""
    mine = [item for item in a.items if item.slot is Slot.OBJECT and item.kind]
    yours = [item for item in b.items if item.slot is Slot.OBJECT and item.kind]
    if mine and yours and not {i.kind for i in mine} & {i.kind for i in yours}:
        return _NAMES[Slot.OBJECT], mine, yours
    return None


def _kinds_apart(a: Features, b: Features, slot: Slot) -> Difference | None:
    """Find values of one kind in a slot of which each text has one that the other lacks."""
    mine = [item for item in a.items if item.slot == slot and item.weight >= _TELLING]
    yours = [item for item in b.items if item.slot == slot and item.weight >= _TELLING]
    values_a = {item.value for item in mine}
    values_b = {item.value for item in yours}
    for item in mine:
        if item.value in values_b:
            continue
        others = [other for other in yours if other.kind == item.kind and other.value not in values_a]
        if others:
            return _NAMES[slot], [item], others
    return None


def moments_differ(a: Features, b: Features) -> bool:
    """Tell whether both texts name a day, or a time, that the other has not."""
    if a.daily and b.daily and a.posted_at.date() != b.posted_at.date():
        return True
    near = abs(a.posted_at - b.posted_at) <= _NEAR

    def days(m: Moment, n: Moment) -> bool:
        return _same_day(m, n, near=near)

    return _apart(
        [m for m in a.moments if m.day is not None], [m for m in b.moments if m.day is not None], days
    ) or _apart(
        [m for m in a.moments if m.minute is not None],
        [m for m in b.moments if m.minute is not None],
        _same_time,
    )


def _apart(a: list[Moment], b: list[Moment], agree: Callable[[Moment, Moment], bool]) -> bool:
    left = any(not any(agree(m, n) for n in b) for m in a)
    right = any(not any(agree(m, n) for m in a) for n in b)
    return left and right


def _same_day(a: Moment, b: Moment, *, near: bool) -> bool:
    if a.day is None or b.day is None or a.day == b.day:
        return True
    if near and a.month_known != b.month_known and a.day.day == b.day.day:
        return True  # 15号 and 11月15日
    return not (a.month_known and b.month_known) and abs((a.day - b.day).days) == 7


def _same_time(a: Moment, b: Moment) -> bool:
    return abs((a.minute or 0) - (b.minute or 0)) <= max(a.loose, b.loose)


def _tell(difference: Difference, words: dict[int, str]) -> str:
    name, left, right = difference
    return f"{name}不同：{_told(left, words)}／{_told(right, words)}"


def _told(items: Iterable[Item], words: dict[int, str]) -> str:
    return "、".join(dict.fromkeys(words.get(item.value, "…") for item in items)) or "（无）"


def _moments(features: Features) -> str:
    told = []
    for moment in features.moments:
        day = f"{moment.day.month}月{moment.day.day}日" if moment.day else ""
        minute = f"{moment.minute // 60}:{moment.minute % 60:02d}" if moment.minute is not None else ""
        told.append(day + minute)
    return "、".join(told) or "（无）"
