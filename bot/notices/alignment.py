"""Lays two texts beside each other, word by word: what they share, and what stands where the other has another."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from bot.notices.slots import CONTENT, Features, Item, Slot

TELLING = 40  # an item below this weight tells nothing apart by itself
_WEAK = 25  # an item below this weight is passed over
_TEMPLATE = 0.45  # Jaccard similarity below which a text is a rewording, whose words may be synonyms
_NEARLY = 0.75  # Jaccard similarity from which a text is a copy: any exchanged word is meant
_ALIGNED = frozenset((*CONTENT, Slot.PLACE, Slot.WHERE, Slot.NUMBER, Slot.PERIOD, Slot.ADDRESSEE))
_ROLES = {
    Slot.SUBJECT: "thing", Slot.OBJECT: "thing", Slot.PLACE: "thing", Slot.ACTION: "act", Slot.ADDRESSEE: "who",
    Slot.NUMBER: "thing", Slot.PERIOD: "thing", Slot.STATE: "state", Slot.NAME: "name",
    Slot.WHERE: "thing", Slot.DENIED: "state",
}  # fmt: skip
_ABOUT = frozenset((*CONTENT, Slot.PLACE, Slot.WHERE))


@dataclass(frozen=True, slots=True)
class Alignment:
    """What two texts share, in summed weights, and what each has alone."""

    shared: int  # what it is about; numbers and addressees count half
    contained: float  # of the poorer text's content, the share that the other has
    mutual: float  # of the richer text's content, the share that the other has
    alike: float  # Jaccard similarity of the 2-grams
    left: tuple[Item, ...]
    right: tuple[Item, ...]

    @property
    def conflict(self) -> int:
        """The weight of what the side with less alone has alone."""
        return min(mass(self.left), mass(self.right))

    @property
    def is_copy(self) -> bool:
        """Whether one text is the other with a few words changed: then every exchanged word is meant."""
        return self.alike >= _NEARLY


Difference = tuple[str, list[Item], list[Item]]


def align(a: Features, b: Features) -> Alignment:
    """Align the content of two texts."""
    mine, yours = frozenset(a.grams), frozenset(b.grams)
    about_a, shared_a, total_a, left = _cover(a, b, yours)
    about_b, shared_b, total_b, right = _cover(b, a, mine)
    shares = (shared_a / total_a if total_a else 0.0, shared_b / total_b if total_b else 0.0)
    union = len(mine | yours)
    alike = len(mine & yours) / union if union else 1.0
    return Alignment(min(about_a, about_b), max(shares), min(shares), alike, tuple(left), tuple(right))


def _cover(a: Features, b: Features, letters: frozenset[int]) -> tuple[int, int, int, list[Item]]:
    values = {item.value for item in b.items}
    values.update(b.aliases)
    seen: set[int] = set()
    about = shared = total = 0
    left: list[Item] = []
    for item in a.items:
        if item.slot not in _ALIGNED:
            continue
        named = item.value in values
        # 中医院 has the letters of 医院; behind a word that is missing, 人民 医院, that is no agreement.
        covered = named or (_spelt(item, letters) and not (left and item.before == left[-1].value))
        if item.value not in seen:
            seen.add(item.value)
            # A number or an addressee that only one text has is an addition, never a lack.
            total += item.weight if covered or item.slot in CONTENT else 0
            shared += item.weight * covered
            about += item.weight * covered // (1 if item.slot in _ABOUT else 2)
        if not covered:
            left.append(item)
    return about, shared, total, left


def mass(items: Iterable[Item]) -> int:
    """Return the summed weight of the telling content, each word once."""
    return sum({i.value: i.weight for i in items if i.weight >= TELLING and i.slot in CONTENT}.values())


def _spelt(item: Item, letters: Collection[int]) -> bool:
    """Tell whether a text has a word's letters; of four, the two pairs: 系统今晚升级 has 系统升级."""
    grams = item.grams if len(item.grams) != 3 else item.grams[::2]
    return bool(grams) and all(gram in letters for gram in grams)


def is_in(item: Item, other: Features) -> bool:
    """Tell whether a text has a word, in this or another form."""
    return (
        any(item.value == i.value for i in other.items)
        or item.value in other.aliases
        or _spelt(item, other.grams)
    )


def in_place(found: Alignment) -> tuple[list[Item], list[Item]] | None:
    """Find two leftovers of which one stands where the other does: beside the same word on the same side."""
    slots = _ABOUT if not found.is_copy else _ABOUT | {Slot.PERIOD, Slot.NUMBER}
    theirs = _runs(found.right, slots)
    for mine in _runs(found.left, slots):
        for yours in theirs:
            before = mine[0].before and mine[0].before == yours[0].before
            after = mine[-1].after and mine[-1].after == yours[-1].after
            weight = min(max(i.weight for i in mine), max(i.weight for i in yours))
            limit = _WEAK if (before and after) or found.alike >= _TEMPLATE else TELLING
            if not (before and after) and found.alike < _TEMPLATE and _related(mine, yours):
                continue
            if _shortened(mine, yours) or _shortened(yours, mine):
                continue
            if (before or after) and weight >= limit and _alike(mine, yours):
                return mine, yours
    return None


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


def _related(mine: list[Item], yours: list[Item]) -> bool:
    """Tell whether two words share a character and so may mean the same: 牲畜, 牲口."""
    subjects = all(item.slot is Slot.SUBJECT for item in (*mine, *yours))
    return subjects and len(mine) == len(yours) == 1 and bool({*mine[0].chars} & {*yours[0].chars})


def _shortened(short: list[Item], long: list[Item]) -> bool:
    """Tell whether a word of two characters takes one from each of two words: 停售 from 停止销售."""
    if len(short) != 1 or len(long) != 2 or len(short[0].chars) != 2:
        return False
    first, second = short[0].chars
    one, two = ({*item.chars} for item in long)
    return (first in one and second in two) or (first in two and second in one)


def _alike(mine: list[Item], yours: list[Item]) -> bool:
    """Tell whether two runs can stand for each other: not a verb for a noun, nor a person for a thing."""
    return bool({_role(item) for item in mine} & {_role(item) for item in yours})


def _role(item: Item) -> str:
    """Return what an item is grammatically; a person who is not addressed is still a person."""
    return "who" if item.slot is Slot.SUBJECT and item.kind else _ROLES[item.slot]


def telling(items: Iterable[Item]) -> list[Item]:
    """Return the items that can tell two notices apart by themselves."""
    return [item for item in items if item.weight >= TELLING and item.slot in CONTENT]
