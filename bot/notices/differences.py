"""What sets two notices apart whatever else they share: values of one kind that exclude each other."""

from collections.abc import Callable
from datetime import timedelta

from bot.notices.alignment import TELLING, is_in
from bot.notices.slots import CONTENT, Features, Item, Moment, Slot

NAMES = {
    Slot.SUBJECT: "事项", Slot.OBJECT: "索要内容", Slot.ACTION: "动作", Slot.ADDRESSEE: "对象",
    Slot.PLACE: "地点", Slot.NUMBER: "数字", Slot.PERIOD: "所属时期", Slot.STATE: "相反或并列的内容", Slot.NAME: "名称",
    Slot.WHERE: "地点", Slot.DENIED: "正反", Slot.TARGET: "对象",
}  # fmt: skip
_NEAR = timedelta(hours=72)

Difference = tuple[str, list[Item], list[Item]]  # the slot's name, what the one says, what the other says


def kinds_apart(a: Features, b: Features, slot: Slot) -> Difference | None:
    """Find values of one kind in a slot of which each text has one that the other lacks."""
    mine = [item for item in a.items if item.slot == slot and item.weight >= TELLING]
    yours = [item for item in b.items if item.slot == slot and item.weight >= TELLING]
    values_a = {item.value for item in mine}
    values_b = {item.value for item in yours}
    for item in mine:
        if item.value in values_b or item.value in b.aliases:
            continue
        others = [
            other
            for other in yours
            if other.kind == item.kind and other.value not in values_a and other.value not in a.aliases
        ]
        if others:
            return NAMES[slot], [item], others
    return None


def periods_apart(a: Features, b: Features) -> Difference | None:
    """Find that the texts cover other times: two months, or a month and a quarter."""
    mine = [item for item in a.items if item.slot is Slot.PERIOD]
    yours = [item for item in b.items if item.slot is Slot.PERIOD]
    if not mine or not yours or {i.value for i in mine} & {i.value for i in yours}:
        return kinds_apart(a, b, Slot.PERIOD)
    return NAMES[Slot.PERIOD], mine, yours


def targets_apart(a: Features, b: Features) -> Difference | None:
    """Find that each text calls people or units of one kind of whom the other calls none: 全体民警, 全体辅警."""
    mine = [item for item in a.items if item.slot is Slot.TARGET]
    yours = [item for item in b.items if item.slot is Slot.TARGET]
    for kind in {item.kind for item in mine} & {item.kind for item in yours}:
        left = {item.value: item for item in mine if item.kind == kind}
        right = {item.value: item for item in yours if item.kind == kind}
        shortened = left.keys() & {*b.aliases} or right.keys() & {*a.aliases}
        if not shortened and not left.keys() & right.keys():
            return NAMES[Slot.TARGET], list(left.values()), list(right.values())
    return None


def families_apart(a: Features, b: Features) -> Difference | None:
    """Find that each text demands objects, or acts, only of families that the other has none of."""
    for slot in (Slot.OBJECT, Slot.ACTION):
        mine = [item for item in a.items if item.slot is slot and item.kind]
        yours = [item for item in b.items if item.slot is slot and item.kind]
        if mine and yours and not {i.kind for i in mine} & {i.kind for i in yours}:
            return NAMES[slot], mine, yours
    return None


def names_apart(a: Features, b: Features) -> Difference | None:
    """Find that each text has a name in quotes that the other does not have, quoted or not."""
    mine = [item for item in a.items if item.slot is Slot.NAME and not is_in(item, b)]
    yours = [item for item in b.items if item.slot is Slot.NAME and not is_in(item, a)]
    return (NAMES[Slot.NAME], mine, yours) if mine and yours else None


def places_apart(a: Features, b: Features) -> Difference | None:
    """Find two named villages, or that both say where to be and no word or number of the place agrees."""
    named = kinds_apart(a, b, Slot.PLACE)
    if named:
        return named
    mine = [item for item in a.items if item.slot is Slot.WHERE]
    yours = [item for item in b.items if item.slot is Slot.WHERE]
    if (
        not mine
        or not yours
        or any(item.value in b.aliases for item in mine)
        or _room(a, mine) & _room(b, yours)
    ):
        return None
    if {item.value for item in yours} & {item.value for item in a.items if item.slot is Slot.WHERE}:
        return None
    return NAMES[Slot.WHERE], mine, yours


def _room(features: Features, where: list[Item]) -> set[int]:
    """Return the numbers that stand beside a place: 综合楼201, 五楼会议室."""
    places = {item.value for item in where}
    numbers = (item for item in features.items if item.slot is Slot.NUMBER)
    return {item.value for item in numbers if item.before in places or item.after in places}


def denied(a: Features, b: Features) -> Difference | None:
    """Find a word that one text only denies and the other only affirms: 未脱贫, 已脱贫."""
    for one, other in ((a, b), (b, a)):
        affirmed = {item.value for item in other.items if item.slot in CONTENT}
        denied_there = {item.kind for item in other.items if item.slot is Slot.DENIED}
        for item in one.items:
            if (
                item.slot is not Slot.DENIED
                or item.weight < TELLING
                or item.kind not in affirmed - denied_there
            ):
                continue
            if sum(i.value == item.kind for i in one.items) == 1:
                return NAMES[Slot.DENIED], [item], []
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
    ) or _apart(*_times(a, b), _same_time)


def _times(a: Features, b: Features) -> tuple[list[Moment], list[Moment]]:
    """Return the times of day; only the exact ones when both have some: 明早 does not make 6:50 agree with 7:20."""
    left = [m for m in a.moments if m.minute is not None]
    right = [m for m in b.moments if m.minute is not None]
    exact = [m for m in left if not m.loose], [m for m in right if not m.loose]
    return exact if all(exact) else (left, right)


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
