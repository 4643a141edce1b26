"""From words to symbols: words of the same concepts share one, so a message of 20 words is 20 characters."""

import re
from collections.abc import Iterable, Iterator

from bot.classify import pattern as lang
from bot.classify.normalise import MENTION
from bot.classify.rules import RuleSet

_NUMBER = re.compile(r"[0-9]+|[零〇一二两三四五六七八九十百千万几半]+")
_MARK_OF = {
    "。": lang.STOP, "!": lang.STOP, "\n": lang.STOP, "?": lang.ASK, ",": lang.COMMA, " ": lang.COMMA,
    ";": lang.COMMA, ":": lang.COLON, "、": lang.LIST, "(": lang.OPEN, ")": lang.CLOSE, "【": lang.LEFT,
    "】": lang.RIGHT, MENTION: lang.CALL, "~": lang.COMMA, "—": lang.COMMA, "…": lang.COMMA,
    "·": lang.LIST, "/": lang.LIST,
}  # fmt: skip
_FIRST_SYMBOL = 0x4E00
_MEMO_MAX = 200_000


class SymbolTable(dict[str, str]):
    """From a word to its symbol; a word not seen before is looked at once."""

    def __init__(self, rules: RuleSet, cut: lang.Cut) -> None:
        super().__init__()
        names: dict[str, set[str]] = {}
        for concept in rules.concepts:
            for word in concept.words:
                names.setdefault(word, set()).add(concept.name)
        for pattern in _all_patterns(rules):
            for literal in lang.words_of(pattern):
                for word in cut(literal):
                    names.setdefault(word, set()).add("=" + word)
        for mark in _MARK_OF:
            names.pop(mark, None)
        self._names = names
        self._matchers = [(c.name, re.compile(c.match)) for c in rules.concepts if c.match]
        self._suffixed = frozenset(c.name for c in rules.concepts if c.suffix)
        self._symbols: dict[frozenset[str], str] = {}
        self._members: dict[str, set[str]] = {}
        for word in names:
            self[word] = self._symbol(self._concepts(word))
        self._symbol(frozenset())
        self._symbol(frozenset({"#"}))
        for concept in rules.concepts:
            self._symbol(frozenset({concept.name}))
        for found in list(self._symbols):
            self._symbol(found & self._suffixed)

    def _concepts(self, word: str) -> frozenset[str]:
        found = set(self._names.get(word, ()))
        found.update(name for name, matcher in self._matchers if matcher.fullmatch(word))
        if _NUMBER.fullmatch(word):
            found.add("#")
        if not found:
            for start in range(1, len(word) - 1):
                found.update(self._suffixed.intersection(self._names.get(word[start:], ())))
                if found:
                    break
        return frozenset(found)

    def _symbol(self, concepts: frozenset[str]) -> str:
        symbol = self._symbols.get(concepts)
        if symbol is None:
            symbol = chr(_FIRST_SYMBOL + len(self._symbols))
            self._symbols[concepts] = symbol
            for name in concepts:
                self._members.setdefault(name, set()).add(symbol)
        return symbol

    def _known_symbol(self, concepts: frozenset[str]) -> str:
        """Return the symbol of the largest known part of the concepts: compiled patterns know no other."""
        known = self._symbols.get(concepts)
        if known is None:
            parts = (part for part in self._symbols if part <= concepts)
            known = self._symbols[max(parts, key=lambda part: (len(part), sorted(part)))]
        return known

    def symbols_of(self, name: str) -> str:
        """Return the symbols of the words of a concept, in a fixed order."""
        return "".join(sorted(self._members.get(name, ())))

    def __missing__(self, word: str) -> str:
        mark = _MARK_OF.get(word)
        if mark is None:
            mark = self._known_symbol(self._concepts(word))
        if len(self) < _MEMO_MAX:
            self[word] = mark
        return mark


def _all_patterns(rules: RuleSet) -> Iterator[str]:
    for guard in rules.guards:
        yield from guard.pattern
        yield from guard.unless
    for rule in rules.rules:
        yield from rule.pattern


class Bits:
    """Gives every set of symbols that some pattern needs a bit; a message has the bits of its symbols."""

    def __init__(self) -> None:
        self._numbers: dict[frozenset[str], int] = {}
        self._of: dict[str, int] = {}

    def need(self, sets: Iterable[frozenset[str]]) -> int:
        """Return the bits that a message must have for each of the sets to be present."""
        mask = 0
        for chars in sets:
            number = self._numbers.setdefault(chars, len(self._numbers))
            mask |= 1 << number
            for char in chars:
                self._of[char] = self._of.get(char, 0) | 1 << number
        return mask

    def present(self, symbols: Iterable[str]) -> int:
        """Return the bits of these symbols."""
        of = self._of
        mask = 0
        for symbol in symbols:
            mask |= of.get(symbol, 0)
        return mask
