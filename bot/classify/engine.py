"""Compiles a RuleSet to regular expressions over symbols, and runs it over the words of a message.

Words of the same concepts share one symbol, so a message of 20 words is a string of 20 characters. A rule is
tried only when a symbol it needs occurs (one bit mask a symbol), which leaves a handful of the rules for an
ordinary message.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.classify import pattern as lang
from bot.classify.normalise import MENTION
from bot.classify.rules import Guard, Rule, RuleSet, Scope
from bot.events import Label, MessageKind, RuleHit

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

    def __init__(self, rules: RuleSet) -> None:
        super().__init__()
        names: dict[str, set[str]] = {}
        for concept in rules.concepts:
            for word in concept.words:
                names.setdefault(word, set()).add(concept.name)
        for pattern in _all_patterns(rules):
            for word in lang.words_of(pattern):
                names.setdefault(word, set()).add("=" + word)
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


@dataclass(slots=True)
class Reading:
    """A message as the rules see it: words, their symbols, and what guards already said."""

    text: str
    words: Sequence[str]
    symbols: str
    kind: MessageKind
    seen: dict[tuple[str, int, int], bool] = field(default_factory=dict)

    def region(self, scope: Scope, start: int, end: int) -> tuple[int, int]:
        """Return where a guard of this scope looks, for a match from `start` to `end`."""
        if scope == "message":
            return 0, len(self.symbols)
        symbols = self.symbols
        ends = lang.SENTENCE_ENDS if scope == "sentence" else lang.CLAUSE_ENDS
        first, last = start, max(start, end - 1)
        while first > 0 and symbols[first - 1] not in ends:
            first -= 1
        if scope in ("lead", "before"):
            return first, start if scope == "before" else end
        size = len(symbols)
        while last < size and symbols[last] not in ends:
            last += 1
        if last < size and symbols[last] in "QC":
            last += 1
        if scope in ("tail", "after"):
            return (start if scope == "tail" else end), max(last, end)
        return first, max(last, end)


@dataclass(slots=True, frozen=True)
class CompiledGuard:
    """A guard ready to run."""

    guard: Guard
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None

    def holds(self, reading: Reading, start: int, end: int) -> bool:
        """Tell whether the guard's pattern is found around the match."""
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
class CompiledRule:
    """A rule ready to run."""

    rule: Rule
    pattern: re.Pattern[str] | None
    regexes: tuple[re.Pattern[str], ...]
    unless: tuple[CompiledGuard, ...]
    requires: tuple[CompiledGuard, ...]
    given: frozenset[str]
    absent: frozenset[str]

    def run(self, reading: Reading, hits: list[RuleHit], blocked: list[RuleHit]) -> bool:
        """Try the rule; note the first match that nothing forbids, or what forbade the first one."""
        rule = self.rule
        if rule.kinds and reading.kind not in rule.kinds:
            return False
        label = str(rule.label or "-" + ",".join(rule.drops))
        if self.pattern is None and not self.regexes:
            hits.append(RuleHit(rule.id, label, reading.kind.value if rule.kinds else ""))
            return True
        refusal: RuleHit | None = None
        if self.pattern is not None:
            at = 0
            symbols = reading.symbols
            for _ in range(12):
                found = self.pattern.search(symbols, at)
                if found is None:
                    break
                start, end = found.span()
                words = "".join(reading.words[start:end])
                stop = self._forbidden(reading, start, end)
                if stop is None:
                    hits.append(RuleHit(rule.id, label, words))
                    return True
                if refusal is None:
                    refusal = RuleHit(rule.id, label, words, stop)
                at = start + 1
        for regex in self.regexes:
            found = regex.search(reading.text)
            if found is not None:
                stop = self._forbidden(reading, 0, len(reading.symbols))
                if stop is None:
                    hits.append(RuleHit(rule.id, label, found.group()))
                    return True
                refusal = refusal or RuleHit(rule.id, label, found.group(), stop)
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


class Engine:
    """All rules of a set, compiled."""

    def __init__(self, rules: RuleSet) -> None:
        self.table = SymbolTable(rules)
        guards = {guard.name: self._guard(guard) for guard in rules.guards}
        first: list[tuple[CompiledRule, frozenset[str]]] = []
        self._later: list[CompiledRule] = []
        for rule in sorted(rules.rules, key=lambda r: (r.stage, r.id)):
            compiled, anchors = self._rule(rule, guards)
            if rule.stage == 1:
                first.append((compiled, anchors))
            else:
                self._later.append(compiled)
        self._first = [compiled for compiled, _ in first]
        self._always = sum(1 << i for i, (_, anchors) in enumerate(first) if not anchors)
        self._masks: dict[str, int] = {}
        for i, (_, anchors) in enumerate(first):
            for symbol in anchors:
                self._masks[symbol] = self._masks.get(symbol, 0) | 1 << i

    def _union(self, patterns: Iterable[str]) -> tuple[str, frozenset[str]]:
        parts: list[str] = []
        anchors: set[str] = set()
        for pattern in patterns:
            expression, anchor = lang.compile_pattern(pattern, self._symbols_of)
            parts.append(expression)
            if not anchor:
                anchors.add("")
            anchors |= anchor
        return "|".join(parts), frozenset() if "" in anchors else frozenset(anchors)

    def _symbols_of(self, name: str) -> str:
        return self.table.symbols_of(name)

    def _guard(self, guard: Guard) -> CompiledGuard:
        unless = re.compile(self._union(guard.unless)[0]) if guard.unless else None
        return CompiledGuard(guard, re.compile(self._union(guard.pattern)[0]), unless)

    def _rule(self, rule: Rule, guards: Mapping[str, CompiledGuard]) -> tuple[CompiledRule, frozenset[str]]:
        expression, anchors = self._union(rule.pattern)
        compiled = CompiledRule(
            rule=rule,
            pattern=re.compile(expression) if rule.pattern else None,
            regexes=tuple(re.compile(r) for r in rule.regex),
            unless=tuple(guards[name] for name in rule.unless or ()),
            requires=tuple(guards[name] for name in rule.requires),
            given=frozenset(rule.given),
            absent=frozenset(rule.absent),
        )
        return compiled, frozenset() if rule.regex or rule.kinds else anchors

    def run(
        self, text: str, words: Sequence[str], kind: MessageKind
    ) -> tuple[set[Label], bool, list[RuleHit], list[RuleHit]]:
        """Return labels, emergency, the rules that fired and those that were blocked."""
        symbols = "".join(map(self.table.__getitem__, words))
        reading = Reading(text, words, symbols, kind)
        hits: list[RuleHit] = []
        blocked: list[RuleHit] = []
        labels: set[Label] = set()
        emergency = False
        masks = self._masks
        todo = self._always
        for symbol in set(symbols):
            todo |= masks.get(symbol, 0)
        while todo:
            low = todo & -todo
            todo ^= low
            compiled = self._first[low.bit_length() - 1]
            if compiled.run(reading, hits, blocked):
                emergency |= _apply(compiled.rule, labels)
        for compiled in self._later:
            if compiled.given and not any(
                any(x.is_demand for x in labels) if g == "any_demand" else g in labels for g in compiled.given
            ):
                continue
            if any(
                any(x.is_demand for x in labels) if g == "any_demand" else g in labels
                for g in compiled.absent
            ):
                continue
            if compiled.run(reading, hits, blocked):
                emergency |= _apply(compiled.rule, labels)
        return labels, emergency, hits, blocked


def _apply(rule: Rule, labels: set[Label]) -> bool:
    """Give or take the rule's labels; tell whether it raises the emergency flag."""
    labels.difference_update(rule.drops)
    if rule.label == "emergency":
        return True
    if rule.label:
        labels.add(Label(rule.label))
    return False
