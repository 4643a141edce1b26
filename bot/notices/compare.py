"""Whether two posts carry the same notice, and if not, what sets them apart."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from bot.notices.slots import Features, Item, Moment, Slot

_NAMES = {
    Slot.SUBJECT: "事项", Slot.OBJECT: "索要内容", Slot.ACTION: "动作", Slot.ADDRESSEE: "对象",
    Slot.PLACE: "地点", Slot.NUMBER: "数字", Slot.PERIOD: "所属时期",
}  # fmt: skip
_CONTENT = frozenset((Slot.SUBJECT, Slot.OBJECT, Slot.ACTION))
_TELLING = 40  # an item below this weight tells nothing apart by itself
_SPECIFIC = 100  # shared weight below which two texts have too little in common to be one notice
_TOLERANCE = 0.12  # share of differing words that a long rewording may have
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


def same(a: Features, b: Features) -> Verdict:
    """Compare two posts, the earlier one first; features made with one key, packed or not."""
    words = {**a.readable, **b.readable}
    if a.exact == b.exact and not a.substance:
        return Verdict(same=True, score=1.0, why="文字相同")
    shared, left_a, left_b = _align(a, b)
    conflict = min(sum(i.weight for i in left_a), sum(i.weight for i in left_b))
    score = round(shared / (shared + conflict), 3) if shared else 0.0
    on_subject = shared >= _SPECIFIC or (shared > 0 and not left_a and not left_b)
    differs = conflict > _TOLERANCE * shared if _jaccard(a, b) < 0.7 else conflict > 0
    if not on_subject or differs:
        names = tuple(dict.fromkeys(_NAMES[i.slot] for i in (*left_a, *left_b))) or ("事项",)
        why = f"{names[0]}不同：{_told(left_a, words)}／{_told(left_b, words)}" if differs else "共同内容太少，不能认定为同一通知"
        return Verdict(same=False, score=score, why=why, changed=names)
    changed: list[str] = []
    told: list[str] = []
    for slot in (Slot.ADDRESSEE, Slot.PLACE, Slot.NUMBER, Slot.PERIOD):
        pair = _apart(a, b, slot)
        if pair:
            changed.append(_NAMES[slot])
            told.append(f"{_NAMES[slot]}不同：{_told(pair[0], words)}／{_told(pair[1], words)}")
    if _moments_differ(a, b):
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


def _align(a: Features, b: Features) -> tuple[float, list[Item], list[Item]]:
    """Return the shared weight, and the telling content of each side that the other lacks."""
    shared_a, left_a = _cover(a, b)
    shared_b, left_b = _cover(b, a)
    return min(shared_a, shared_b), left_a, left_b


def _cover(a: Features, b: Features) -> tuple[float, list[Item]]:
    values = {item.value for item in b.items}
    shared = 0.0
    left: dict[int, Item] = {}
    for item in a.items:
        if item.slot not in _CONTENT:
            continue
        if item.value in values or (item.grams and all(gram in b.grams for gram in item.grams)):
            shared += item.weight
        elif item.weight >= _TELLING:
            left[item.value] = item
    return shared, list(left.values())


def _apart(a: Features, b: Features, slot: Slot) -> tuple[list[Item], list[Item]] | None:
    mine = {item.value: item for item in a.items if item.slot == slot}
    yours = {item.value: item for item in b.items if item.slot == slot}
    kinds = {item.kind for item in mine.values()} & {item.kind for item in yours.values()}
    only_mine = [item for value, item in mine.items() if value not in yours and item.kind in kinds]
    only_yours = [item for value, item in yours.items() if value not in mine and item.kind in kinds]
    for kind in kinds:
        left = [i for i in only_mine if i.kind == kind]
        right = [i for i in only_yours if i.kind == kind]
        if left and right:
            return left, right
    return None


def _jaccard(a: Features, b: Features) -> float:
    union = len(a.grams | b.grams)
    return len(a.grams & b.grams) / union if union else 1.0


def _moments_differ(a: Features, b: Features) -> bool:
    if a.daily and b.daily and a.posted_at.date() != b.posted_at.date():
        return True
    near = abs(a.posted_at - b.posted_at) <= _NEAR
    left = [m for m in a.moments if not any(_agree(m, n, near=near) for n in b.moments)]
    right = [n for n in b.moments if not any(_agree(m, n, near=near) for m in a.moments)]
    return any(_exclude(m, n) for m in left for n in right)


def _exclude(a: Moment, b: Moment) -> bool:
    return (a.day is None) == (b.day is None) or (a.minute is None) == (b.minute is None)


def _agree(a: Moment, b: Moment, *, near: bool) -> bool:
    if a.day and b.day and a.day != b.day:
        loose = near and a.month_known != b.month_known and a.day.day == b.day.day
        week = not (a.month_known and b.month_known) and abs((a.day - b.day).days) == 7
        if not loose and not week:
            return False
    if a.minute is not None and b.minute is not None:
        return abs(a.minute - b.minute) <= max(a.loose, b.loose)
    return True


def _told(items: Iterable[Item], words: dict[int, str]) -> str:
    return "、".join(dict.fromkeys(words.get(item.value, "…") for item in items)) or "（无）"


def _moments(features: Features) -> str:
    told = []
    for moment in features.moments:
        day = f"{moment.day.month}月{moment.day.day}日" if moment.day else ""
        minute = f"{moment.minute // 60}:{moment.minute % 60:02d}" if moment.minute is not None else ""
        told.append(day + minute)
    return "、".join(told) or "（无）"
