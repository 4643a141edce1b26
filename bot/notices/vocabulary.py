"""What single words say, whatever stands beside them."""

import functools
from collections.abc import Callable

from bot.classify.tokenizer import Tokenizer
from bot.notices.context import ACT, grams_of
from bot.notices.lexicon import Lexicon, Meaning
from bot.notices.slots import Item, Slot

# Weights of words, in percent of a rare one; compare.py has the limits that they are measured by.
SOFT = 15
PARTICLE = 20
SINGLE = 40
THING = 60
RARE = 100

NAMED = frozenset(
    ("村", "镇", "乡", "社区", "小区", "街道", "组", "片区", "片", "园区", "路", "街", "桥", "班")
)
_GENERIC_ACTS = frozenset(("报送", "参加"))
_LONGEST_LOOSE = 4


class Vocabulary:
    """Cuts segments into words and gives each the item that it is by itself."""

    def __init__(self, tokenizer: Tokenizer, words: Lexicon, mark: Callable[[str], int]) -> None:
        self._cut = tokenizer.cut
        self._lexicon = words
        self._mark = mark
        self._item = functools.lru_cache(maxsize=1 << 15)(self._read)

    def split(self, segment: str) -> list[str]:
        """Cut a segment; single characters that no list knows and that stand together are one word."""
        words: list[str] = []
        loose = False
        for word in self._cut(segment):
            single = len(word) == 1 and not self._known(word)
            if single and loose and len(words[-1]) < _LONGEST_LOOSE:
                words[-1] += word
            else:
                words.extend(self._parts(word))
            loose = single
        return words

    def plainest(self, word: str) -> str:
        """Return the word by which all of its meaning are known."""
        word = self._lexicon.plain.get(word, word)
        meaning = self._lexicon.meaning.get(word)
        return meaning.canonical if meaning is not None else word

    def tells(self, word: str) -> int:
        """Return 2 for a topic, 1 for what is demanded of it, 3 for what may stand between, 0 for all others."""
        meaning = self._lexicon.meaning.get(word)
        if meaning is not None:
            return {Slot.SUBJECT: 2, Slot.OBJECT: 1}.get(meaning.slot, 0)
        if word in self._lexicon.free or word.endswith(self._lexicon.place_endings):
            return 0
        return 3 if word in self._lexicon.soft else 2

    def _known(self, word: str) -> bool:
        lex = self._lexicon
        told = word in lex.meaning or word in lex.free or word in lex.soft
        return told or (len(word) > 1 and word in lex.plain)

    def _parts(self, word: str) -> tuple[str, ...]:
        """Split a word that no list has but whose end one has: 学生名单 is a 名单 of 学生."""
        meanings = self._lexicon.meaning
        if len(word) < 2 or self._known(word) or word in self._lexicon.topic:
            return (word,)
        if len(word) == 2:
            split = (
                word[0] in meanings
                and meanings[word[0]].slot is Slot.OBJECT
                and word[1] in self._lexicon.free
            )
            return (word[0], word[1]) if split else (word,)
        for cut in range(1, len(word) - 1):
            meaning = meanings.get(word[cut:])
            if meaning is not None and meaning.kind != "unit":
                return (word[:cut], word[cut:])
        if len(word) == 4 and (word[:2] in self._lexicon.exclusive or word[2:] in self._lexicon.exclusive):
            return (word[:2], word[2:])
        if word.endswith("表"):
            return (word[:-1], "表")
        return (word,)

    def _read(self, word: str) -> Item | None:
        lex = self._lexicon
        word = lex.plain.get(word, word)
        meaning = lex.meaning.get(word)
        if meaning is None and word in lex.free:
            return None
        if meaning is None and word in lex.soft:
            return Item(Slot.SUBJECT, self._mark(word), SOFT)
        grams = tuple(self._mark(gram) for gram in grams_of(word))
        if meaning is not None:
            return self._meant(meaning, grams)
        if len(word) > 2 and word.endswith(lex.place_endings):
            return Item(Slot.PLACE, self._mark(word), THING, self._mark(word[-1]), grams)
        weight = SOFT if word in NAMED else self._weight(word)
        chars = tuple(map(self._mark, word)) if 1 < len(word) < 4 else ()
        return Item(Slot.SUBJECT, self._mark(word), weight, grams=grams, chars=chars)

    def _meant(self, meaning: Meaning, grams: tuple[int, ...]) -> Item:
        if meaning.slot is Slot.SUBJECT:
            return Item(Slot.SUBJECT, self._mark(meaning.canonical), RARE, 0, grams)
        generic = meaning.canonical in _GENERIC_ACTS or meaning.canonical in self._lexicon.generic
        kind = self._mark(meaning.kind) if meaning.kind else 0
        return Item(meaning.slot, self._mark(meaning.canonical), SOFT if generic else THING, kind, grams)

    def _weight(self, word: str) -> int:
        lex = self._lexicon
        if word not in lex.topic:
            if word in lex.acts:
                return ACT if len(word) > 1 else PARTICLE
            if word in lex.things:
                return THING if len(word) > 1 else PARTICLE
        return RARE if len(word) > 1 else SINGLE
