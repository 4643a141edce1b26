"""Whether two posts carry the same notice, and if not, what sets them apart.

Words are aligned first: what both texts say is shared, whatever its order and wording; what only one says is
left over. What is shared, what is left over and where it stands is weighed: that tells whether both are about
one matter. Then the slots decide: another date, number, period, name or addressee makes another notice of it.
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
    periods_apart,
    places_apart,
    targets_apart,
)
from bot.notices.evidence import LITTLE, observe
from bot.notices.scale import likelihood, load_scale
from bot.notices.slots import Features, Item, Slot

_CALLED_OFF = 0.3  # share of 2-grams from which 取消 in one text calls off the other; else it is its subject


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
    weight = load_scale().weigh(observe(a, b, found))
    score = round(likelihood(weight), 3)
    little = found.shared < LITTLE
    if (weight <= 0 or little) and not says_equal(a, b):
        apart = _unlike(a, b, found)
        if apart is None or little:
            return Verdict(same=False, score=score, why="共同内容太少，不能认定为同一通知", changed=("事项",))
        return Verdict(same=False, score=score, why=_tell(apart, a, b), changed=(apart[0],))
    differences = _slots_apart(a, b)
    changed = [difference[0] for difference in differences]
    told = [_tell(difference, a, b) for difference in differences]
    if moments_differ(a, b):
        changed.append("时间")
        told.append(f"时间不同：{_moments(a)}／{_moments(b)}")
    material = not {"数字", "所属时期"} & set(changed) and not a.cancels and not b.cancels
    if _calls_off(a, b, found):
        return Verdict(
            same=False, score=score, why="一个取消或免除另一个", changed=("取消", *changed), cancels=b.cancels
        )
    if _one_is_done(a, b):
        return Verdict(
            same=False, score=score, why="一个说已经办了，另一个是要人去办", changed=("已办", *changed)
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


def slots_differ(a: Features, b: Features, found: Alignment) -> bool:
    """Tell whether a slot, a calling off or a report sets two texts apart, whatever they share."""
    return bool(_slots_apart(a, b)) or moments_differ(a, b) or _calls_off(a, b, found) or _one_is_done(a, b)


def _calls_off(a: Features, b: Features, found: Alignment) -> bool:
    return a.cancels != b.cancels and found.alike >= _CALLED_OFF


def _one_is_done(a: Features, b: Features) -> bool:
    return None not in {a.reports, b.reports} and a.reports != b.reports


def _slots_apart(a: Features, b: Features) -> list[Difference]:
    """Find the slots in which each text says something that excludes what the other says."""
    target = targets_apart(a, b)
    return [
        difference
        for difference in (
            places_apart(a, b),
            target,
            None if target else kinds_apart(a, b, Slot.ADDRESSEE),
            kinds_apart(a, b, Slot.NUMBER),
            periods_apart(a, b),
            names_apart(a, b),
            families_apart(a, b),
            kinds_apart(a, b, Slot.OBJECT),
        )
        if difference
    ]


def says_equal(a: Features, b: Features) -> bool:
    """Tell whether two texts consist of the same words, up to what never tells notices apart."""
    words = [{(item.slot, item.value) for item in features.items} for features in (a, b)]
    return words[0] == words[1] and a.moments == b.moments and a.cancels == b.cancels


def _unlike(a: Features, b: Features, found: Alignment) -> Difference | None:
    """Find the words that best tell why two texts are about different things."""
    instead = in_place(found)
    if instead:
        return NAMES[instead[0][0].slot], *instead
    return (
        families_apart(a, b)
        or kinds_apart(a, b, Slot.OBJECT)
        or targets_apart(a, b)
        or kinds_apart(a, b, Slot.ADDRESSEE)
        or kinds_apart(a, b, Slot.STATE)
        or kinds_apart(a, b, Slot.NUMBER)
        or names_apart(a, b)
        or denied(a, b)
        or _left_over(found)
    )


def _left_over(found: Alignment) -> Difference | None:
    left, right = telling(found.left), telling(found.right)
    return (NAMES[Slot.SUBJECT], left, right) if left and right else None


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
