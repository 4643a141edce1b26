"""Compiles a RuleSet to regular expressions over symbols, and runs it over the words of a message.

Words of the same concepts share one symbol, so a message of 20 words is a string of 20 characters. A rule is
tried only when a symbol it needs occurs (one bit mask a symbol), which leaves a handful of the rules for an
ordinary message.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.classify import pattern as lang
from bot.classify.normalise import MENTION
from bot.classify.rules import Guard, Rule, RuleSet, Scope
from bot.events import Classification, Label, MessageKind, RuleHit

_NUMBER = re.compile(r"[0-9]+|[零〇一二两三四五六七八九十百千万几半]+")
_MARK_OF = {
    "。": lang.STOP, "!": lang.STOP, "\n": lang.STOP, "?": lang.ASK, ",": lang.COMMA, " ": lang.COMMA,
    ";": lang.COMMA, ":": lang.COLON, "、": lang.LIST, "(": lang.OPEN, ")": lang.CLOSE, "【": lang.LEFT,
    "】": lang.RIGHT, MENTION: lang.CALL, "~": lang.COMMA, "—": lang.COMMA, "…": lang.COMMA,
    "·": lang.LIST, "/": lang.LIST,
}  # fmt: skip
_FIRST_SYMBOL = 0x4E00
_MEMO_MAX = 200_000
_FINDINGS_MAX = 20_000
_TRIES = 12  # matches of one pattern that are looked at


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


class Reading:
    """A message as the rules see it: the symbols of its words, and what guards already said."""

    __slots__ = ("_edges", "kind", "present", "seen", "symbols", "text")

    def __init__(self, text: str, symbols: str, kind: MessageKind, present: int) -> None:
        self.text = text
        self.symbols = symbols
        self.kind = kind
        self.present = present
        self.seen: dict[tuple[str, int, int], bool] = {}
        self._edges: dict[str, list[int]] = {}

    def region(self, scope: Scope, start: int, end: int) -> tuple[int, int]:
        """Return where a guard of this scope looks, for a match from `start` to `end`."""
        size = len(self.symbols)
        if scope == "message":
            return 0, size
        ends = lang.SENTENCE_ENDS if scope == "sentence" else lang.CLAUSE_ENDS
        edges = self._edges.get(ends)
        if edges is None:
            edges = [i for i, symbol in enumerate(self.symbols) if symbol in ends]
            self._edges[ends] = edges
        before = bisect_left(edges, start)
        first = edges[before - 1] + 1 if before else 0
        if scope in ("lead", "before"):
            return first, start if scope == "before" else end
        after = bisect_left(edges, max(start, end - 1))
        last = size if after == len(edges) else edges[after]
        if last < size and self.symbols[last] in "QCK":
            last += 1
        last = max(last, end)
        if scope in ("tail", "after"):
            return (start if scope == "tail" else end), last
        return first, last


@dataclass(slots=True, frozen=True)
class CompiledGuard:
    """A guard ready to run; `anchors` holds for each of its patterns the bits that it needs."""

    guard: Guard
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None
    anchors: int

    def holds(self, reading: Reading, start: int, end: int) -> bool:
        """Tell whether the guard's pattern is found around the match."""
        if self.anchors and not self.anchors & reading.present:
            return False
        first, last = reading.region(self.guard.scope, start, end)
        key = (self.guard.name, first, last)
        known = reading.seen.get(key)
        if known is None:
            found = self.pattern.search(reading.symbols, first, last)
            known = found is not None and not (
                self.unless is not None and self.unless.search(reading.symbols, first, last)
            )
            reading.seen[key] = known
        return known


@dataclass(slots=True, frozen=True)
class Match:
    """Where a rule matched: words `start` to `end`, or the text itself; `stop` is what forbade it."""

    rule_id: str
    label: str
    start: int
    end: int
    stop: str = ""
    text: str = ""

    def hit(self, words: Sequence[str]) -> RuleHit:
        """Return the match with its words."""
        return RuleHit(
            self.rule_id, self.label, self.text or "".join(words[self.start : self.end]), self.stop
        )


@dataclass(slots=True, frozen=True)
class Finding:
    """What the rules found in a row of symbols."""

    labels: frozenset[Label]
    emergency: bool
    fired: tuple[Match, ...]
    blocked: tuple[Match, ...]


@dataclass(slots=True, frozen=True)
class CompiledRule:
    """A rule ready to run; each pattern stands with the bits that a message needs for it."""

    rule: Rule
    label: str
    patterns: tuple[tuple[int, re.Pattern[str]], ...]
    regexes: tuple[re.Pattern[str], ...]
    unless: tuple[CompiledGuard, ...]
    requires: tuple[CompiledGuard, ...]
    given: frozenset[str]
    absent: frozenset[str]

    def run(
        self,
        reading: Reading,
        patterns: Iterable[re.Pattern[str]],
        fired: list[Match],
        blocked: list[Match],
    ) -> bool:
        """Try the rule; note the first match that nothing forbids, or what forbade the first one."""
        rule = self.rule
        if rule.kinds and reading.kind not in rule.kinds:
            return False
        if not self.patterns and not self.regexes:
            fired.append(Match(rule.id, self.label, 0, 0, text=reading.kind.value if rule.kinds else ""))
            return True
        refusal: Match | None = None
        symbols = reading.symbols
        for pattern in patterns:
            at = 0
            for _ in range(_TRIES):
                found = pattern.search(symbols, at)
                if found is None:
                    break
                start, end = found.span()
                stop = self._forbidden(reading, start, end)
                if stop is None:
                    fired.append(Match(rule.id, self.label, start, end))
                    return True
                if refusal is None:
                    refusal = Match(rule.id, self.label, start, end, stop)
                at = start + 1
        for regex in self.regexes:
            found = regex.search(reading.text)
            if found is not None:
                stop = self._forbidden(reading, 0, len(symbols))
                if stop is None:
                    fired.append(Match(rule.id, self.label, 0, 0, text=found.group()))
                    return True
                refusal = refusal or Match(rule.id, self.label, 0, 0, stop, found.group())
        if refusal is not None:
            blocked.append(refusal)
        return False

    def _forbidden(self, reading: Reading, start: int, end: int) -> str | None:
        for guard in self.unless:
            if guard.holds(reading, start, end):
                return guard.guard.name
        for guard in self.requires:
            if not guard.holds(reading, start, end):
                return "not " + guard.guard.name
        return None

    def applies(self, labels: set[Label]) -> bool:
        """Tell whether what earlier stages found lets this rule be tried."""
        if self.given and not _any_of(self.given, labels):
            return False
        return not (self.absent and _any_of(self.absent, labels))


def _any_of(names: frozenset[str], labels: set[Label]) -> bool:
    return any(label in names or (label.is_demand and "any_demand" in names) for label in labels)


class Engine:
    """All rules of a set, compiled."""

    def __init__(self, rules: RuleSet, cut: lang.Cut) -> None:
        self.table = SymbolTable(rules, cut)
        self._cut = cut
        self._bits = Bits()
        guards = {guard.name: self._guard(guard) for guard in rules.guards}
        self._rules = [
            self._rule(rule, guards) for rule in sorted(rules.rules, key=lambda r: (r.stage, r.id))
        ]
        self._unpatterned = tuple(i for i, c in enumerate(self._rules) if c.regexes or not c.patterns)
        self._index(self._frequencies(rules))
        self._memo: dict[tuple[str, MessageKind], Finding] = {}
        self._reads_text = any(c.regexes for c in self._rules)

    def _frequencies(self, rules: RuleSet) -> Counter[str]:
        """Return how often each symbol occurs in the examples: what an ordinary message is made of."""
        table = self.table
        return Counter(
            table[word] for rule in rules.rules for text in rule.example for word in self._cut(text)
        )

    def _index(self, frequencies: Mapping[str, int]) -> None:
        """Put every pattern under the symbols of that need of it which ordinary messages meet least."""
        self._by_symbol: dict[str, list[tuple[int, int, re.Pattern[str]]]] = {}
        self._always: list[tuple[int, re.Pattern[str]]] = []
        for i, rule in enumerate(self._rules):
            for source, (need, pattern) in zip(rule.rule.pattern, rule.patterns, strict=True):
                sets = self._compile(source)[1]
                if not sets:
                    self._always.append((i, pattern))
                    continue
                rarest = min(
                    sets, key=lambda chars: sum(frequencies.get(c, 0) for c in chars) + len(chars) / 50
                )
                for symbol in rarest:
                    self._by_symbol.setdefault(symbol, []).append((need, i, pattern))

    def _compile(self, pattern: str) -> tuple[str, tuple[frozenset[str], ...]]:
        return lang.compile_pattern(pattern, self.table.symbols_of, self._cut)

    def _guard(self, guard: Guard) -> CompiledGuard:
        parts = [self._compile(p) for p in guard.pattern]
        unless = "|".join(self._compile(p)[0] for p in guard.unless)
        anchors = 0 if any(not sets for _, sets in parts) else self._bits.need(sets[0] for _, sets in parts)
        pattern = re.compile("|".join(expression for expression, _ in parts))
        return CompiledGuard(guard, pattern, re.compile(unless) if unless else None, anchors)

    def _rule(self, rule: Rule, guards: Mapping[str, CompiledGuard]) -> CompiledRule:
        parts = [self._compile(p) for p in rule.pattern]
        return CompiledRule(
            rule=rule,
            label=str(rule.label or "-" + ",".join(rule.drops)),
            patterns=tuple((self._bits.need(sets), re.compile(expression)) for expression, sets in parts),
            regexes=tuple(re.compile(r) for r in rule.regex),
            unless=tuple(guards[name] for name in rule.unless or ()),
            requires=tuple(guards[name] for name in rule.requires),
            given=frozenset(rule.given),
            absent=frozenset(rule.absent),
        )

    def run(self, text: str, words: Sequence[str], kind: MessageKind) -> Classification:
        """Return what the rules say of a message.

        Notices recur with another date, so what was found in a row of symbols is remembered; a regex reads the
        text itself, and with one in the rules nothing is.
        """
        symbols = "".join(map(self.table.__getitem__, words))
        key = (symbols, kind)
        finding = self._memo.get(key)
        if finding is None:
            finding = self._find(text, symbols, kind)
            if not self._reads_text:
                if len(self._memo) >= _FINDINGS_MAX:
                    self._memo.clear()
                self._memo[key] = finding
        return Classification(
            finding.labels,
            finding.emergency,
            tuple([match.hit(words) for match in finding.fired]),
            tuple([match.hit(words) for match in finding.blocked]),
        )

    def _find(self, text: str, symbols: str, kind: MessageKind) -> Finding:
        distinct = set(symbols)
        present = self._bits.present(distinct)
        todo: dict[int, list[re.Pattern[str]]] = {i: [] for i in self._unpatterned}
        for i, pattern in self._always:
            todo.setdefault(i, []).append(pattern)
        by_symbol = self._by_symbol
        for symbol in distinct:
            for need, i, pattern in by_symbol.get(symbol, ()):
                if need & present == need:
                    todo.setdefault(i, []).append(pattern)
        reading = Reading(text, symbols, kind, present)
        fired: list[Match] = []
        blocked: list[Match] = []
        labels: set[Label] = set()
        emergency = False
        for i in sorted(todo):
            compiled = self._rules[i]
            if compiled.applies(labels) and compiled.run(reading, todo[i], fired, blocked):
                emergency |= _apply(compiled.rule, labels)
        return Finding(frozenset(labels), emergency, tuple(fired), tuple(blocked))


def _apply(rule: Rule, labels: set[Label]) -> bool:
    """Give or take the rule's labels; tell whether it raises the emergency flag."""
    labels.difference_update(rule.drops)
    if rule.label == "emergency":
        return True
    if rule.label:
        labels.add(Label(rule.label))
    return False
