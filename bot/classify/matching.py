"""One rule against one message: where it matches, and which guard stands in its way."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.classify import pattern as lang
from bot.classify.rules import Guard, Rule, Scope
from bot.events import Label, MessageKind, RuleHit

_TRIES = 12  # matches of one pattern that are looked at


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
