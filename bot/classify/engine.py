"""Compiles a RuleSet to regular expressions over symbols, and runs it over the words of a message.

Words of the same concepts share one symbol, so a message of 20 words is a string of 20 characters. A rule is
tried only when a symbol it needs occurs (one bit mask a symbol), which leaves a handful of the rules for an
ordinary message.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from bot.classify import pattern as lang
from bot.classify.matching import CompiledGuard, CompiledRule, Finding, Match, Reading
from bot.classify.rules import Guard, Rule, RuleSet
from bot.classify.symbols import Bits, SymbolTable
from bot.events import Classification, Label, MessageKind

_FINDINGS_MAX = 20_000


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
