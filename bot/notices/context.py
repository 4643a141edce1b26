"""Words beside one another: which stand in one place, and how they may be shortened."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from bot.notices.slots import CONTENT, Item, Slot

ACT = 25  # the weight of a common verb; below it a word says nothing of what stands beside it


@dataclass(frozen=True, slots=True)
class Token:
    """A word that says something; `item` is None for what separates (the end of a clause)."""

    at: int
    word: str
    item: Item | None
    listed: bool = True  # whether the lexicon has the word


def in_context(tokens: list[Token]) -> Iterator[Item]:
    """Give each item its neighbours within the clause, of those that say what it is about."""
    before = 0
    for place, token in enumerate(tokens):
        if token.item is None:
            before = 0
            continue
        after = 0
        for other in tokens[place + 1 :]:
            if other.item is None:
                break
            if _speaks(other.item):
                after = other.item.value
                break
        yield replace(token.item, before=before, after=after)
        if _speaks(token.item):
            before = token.item.value


def _speaks(item: Item) -> bool:
    if item.slot in {Slot.ADDRESSEE, Slot.STATE, Slot.NAME, Slot.DENIED, Slot.TARGET}:
        return False
    return item.slot is Slot.ACTION or item.weight >= ACT


def abbreviations(tokens: Iterable[Token]) -> Iterator[str]:
    """Yield how its words may be shortened: 地质灾害 to 地灾, 经济普查 to 经普, 安全生产责任险 to 安责险."""
    run: list[str] = []
    for token in tokens:
        if token.item is not None and token.item.slot is Slot.ADDRESSEE and not token.listed:
            yield from (token.word[start:] for start in range(1, len(token.word) - 1))
        if token.item is not None and token.item.slot in CONTENT:
            run.append(token.word)
        else:
            yield from _shortened(run)
            run = []
    yield from _shortened(run)


def _shortened(run: list[str]) -> Iterator[str]:
    for place, word in enumerate(run):
        if len(word) > 2:
            yield word[0] + word[2]
        if len(word) > 1:
            yield from (word[0], word[-1], word[len(word) // 2])
            for other in run[place + 1 : place + 3]:
                if len(other) > 1:
                    yield word[0] + other[0]
                    yield word[0] + other[-1]
                    yield word[0] + other[0] + other[-1]


def grams_of(segment: str) -> Iterator[str]:
    """Yield the 2-grams of a segment."""
    return (segment[i : i + 2] for i in range(len(segment) - 1))
