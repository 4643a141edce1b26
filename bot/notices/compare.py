"""Whether two posts carry the same notice, and if not, what sets them apart.

Words are aligned first: what both texts say is shared, whatever its order and wording; what only one says is
left over. Leftovers on one side alone are an addition (a reminder is shorter than its notice). Leftovers on
both sides set two notices apart when they stand in the same place (请报X统计表, 请报Y统计表), exclude each other
by their kind (总结 and 方案, 60岁 and 80岁), or when too little is shared beside them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.notices.alignment import Alignment, align, in_place, telling
from bot.notices.differences import (
    NAMES,
    Difference,
    denied,
    families_apart,
    kinds_apart,
    moments_differ,
    names_apart,
    places_apart,
    targets_apart,
)
from bot.notices.slots import Features, Item, Slot

_LITTLE = 60  # shared weight that is enough when neither text says much else
_MUTUAL = 0.75  # share of the richer text from which neither says much else
_SPECIFIC = 100  # shared weight below which two texts have too little in common
_CONTAINED = 0.5  # share of the poorer text that the other must have
_OUTWEIGHED = 0.5  # what differs on both sides, as a share of what is shared, from which they are apart


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


def same(a: Features, b: Features) -> Verdict:
    """Compare two posts, the earlier one first; features made with one key, packed or not."""
    if not a.substance and not b.substance:
        return Verdict(same=False, score=0.0, why="没有实质内容，看不出是哪件事", changed=("事项",))
    found = align(a, b)
    score = round(found.contained, 3)
    apart = _unlike(a, b, found)
    if apart and apart[0] != NAMES[Slot.WHERE]:
        return Verdict(same=False, score=score, why=_tell(apart, a, b), changed=(apart[0],))
    enough = _SPECIFIC if found.mutual < _MUTUAL else _LITTLE
    if (found.shared < enough or found.contained < _CONTAINED) and not says_equal(a, b):
        return Verdict(same=False, score=score, why="共同内容太少，不能认定为同一通知", changed=("事项",))
    where = apart or places_apart(a, b)
    target = targets_apart(a, b)
    differences = [
        *([where] if where else []),
        *([target] if target else []),
        *(
            difference
            for slot in (Slot.ADDRESSEE, Slot.NUMBER, Slot.PERIOD)
            if not (target and slot is Slot.ADDRESSEE) and (difference := kinds_apart(a, b, slot))
        ),
    ]
    changed = [difference[0] for difference in differences]
    told = [_tell(difference, a, b) for difference in differences]
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


def says_equal(a: Features, b: Features) -> bool:
    """Tell whether two texts consist of the same words, up to what never tells notices apart."""
    words = [{(item.slot, item.value) for item in features.items} for features in (a, b)]
    return words[0] == words[1] and a.moments == b.moments and a.cancels == b.cancels


def _unlike(a: Features, b: Features, found: Alignment) -> Difference | None:
    """Find what makes two texts be about different things."""
    instead = in_place(found)
    if instead:
        return NAMES[instead[0][0].slot], *instead
    apart = (
        families_apart(a, b)
        or kinds_apart(a, b, Slot.OBJECT)
        or kinds_apart(a, b, Slot.STATE)
        or names_apart(a, b)
        or denied(a, b)
    )
    if apart:
        return apart
    limit = _LITTLE if found.is_copy else _OUTWEIGHED * found.shared
    if found.conflict >= max(limit, 1):
        return NAMES[Slot.SUBJECT], telling(found.left), telling(found.right)
    return None


def _tell(difference: Difference, a: Features, b: Features) -> str:
    name, left, right = difference
    words = {**a.readable, **b.readable}
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
