"""Reads rule files; every complaint names the file and the line."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.classify.pattern import compile_pattern, concepts_of
from bot.classify.rules import Concept, Guard, Rule, RuleFile, RuleSet
from bot.classify.safety import check_regex
from bot.errors import RuleError

DATA = Path(__file__).parent / "data"
_TABLE = re.compile(r"^\s*\[\[(concept|guard|rule)\]\]")


def load_rules(extra: Sequence[Path] = ()) -> RuleSet:
    """Return our rules together with those of the given files, which may extend our concepts.

    Raises RuleError with file and line for what cannot be read, is unknown or could run away.
    """
    builder = _Builder()
    for path in sorted(DATA.rglob("*.toml")):
        builder.add(path)
    if not extra:
        return builder.build()
    ours = builder.build()
    known = {rule.id for rule in ours.rules} | set(ours.words)
    for path in extra:
        builder.add(path)
    rules = builder.build()
    local = ({rule.id for rule in rules.rules} | set(rules.words)) - known
    return rules.model_copy(update={"local": frozenset(local)})


def _line_of_table(text: str, table: str, index: int) -> int:
    """Return the line of the nth table of that name."""
    seen = -1
    for number, line in enumerate(text.splitlines(), 1):
        found = _TABLE.match(line)
        if found and found[1] == table:
            seen += 1
            if seen == index:
                return number
    return 1


def _line_of_text(text: str, start: int, wanted: str) -> int:
    """Return the line at or after `start` that contains the text; `start` when none does."""
    for number, line in enumerate(text.splitlines(), 1):
        if number >= start and (wanted in line or wanted.replace("\\", "\\\\") in line):
            return number
    return start


def _complain(path: Path, line: int, what: str) -> RuleError:
    return RuleError(f"{path}:{line}: {what}")


def _read(path: Path) -> tuple[str, RuleFile]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"{path}: cannot be read as UTF-8 text ({error})") from error
    try:
        raw: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise _complain(path, line, f"not valid TOML: {error}") from error
    try:
        return text, RuleFile.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = first["loc"]
        line = 1
        if len(where) > 1 and isinstance(where[1], int):
            line = _line_of_table(text, str(where[0]), where[1])
            if len(where) > 2:
                line = _line_of_text(text, line, str(where[2]))
        key = ".".join(map(str, where))
        raise _complain(path, line, f"{key}: {first['msg']} (given: {first.get('input')!r})") from error


class _Builder:
    """Collects files and checks what each one says against the rest."""

    def __init__(self) -> None:
        self._concepts: dict[str, Concept] = {}
        self._guards: dict[str, Guard] = {}
        self._rules: dict[str, Rule] = {}
        self._split: set[str] = set()
        self._origin: dict[tuple[str, str], tuple[Path, str, int]] = {}

    def add(self, path: Path) -> None:
        """Read one file."""
        text, file = _read(path)
        self._split.update(file.split.split())
        for index, concept in enumerate(file.concept):
            line = _line_of_table(text, "concept", index)
            self._origin.setdefault(("concept", concept.name), (path, text, line))
            if concept.match:
                self._check_regex(concept.match, path, text, line)
            known = self._concepts.get(concept.name)
            if known:
                concept = Concept(  # noqa: PLW2901 - the same concept, enlarged
                    name=concept.name,
                    comment=known.comment,
                    terms=(*known.words, *concept.words),
                    match="|".join(filter(None, (known.match, concept.match))),
                    suffix=known.suffix or concept.suffix,
                )
            self._concepts[concept.name] = concept
        for index, guard in enumerate(file.guard):
            line = _line_of_table(text, "guard", index)
            if guard.name in self._guards:
                raise _complain(path, line, f"guard {guard.name!r} exists already; choose another name")
            self._origin["guard", guard.name] = (path, text, line)
            self._guards[guard.name] = guard
        for index, rule in enumerate(file.rule):
            line = _line_of_table(text, "rule", index)
            if rule.id in self._rules:
                raise _complain(path, line, f"rule {rule.id!r} exists already; choose another id")
            full = rule.model_copy(
                update={
                    "label": rule.label or ("" if rule.drops else file.defaults.label),
                    "unless": (*(file.defaults.unless if rule.unless is None else rule.unless), *rule.but),
                }
            )
            self._origin["rule", rule.id] = (path, text, line)
            for expression in rule.regex:
                self._check_regex(expression, path, text, line)
            if not (full.label or full.drops):
                raise _complain(path, line, f"rule {rule.id!r} gives no label; add label = or drops =")
            if not (rule.pattern or rule.regex or rule.kinds or rule.stage > 1):
                raise _complain(path, line, f"rule {rule.id!r} has neither pattern nor regex nor kinds")
            self._rules[rule.id] = full

    @staticmethod
    def _check_regex(expression: str, path: Path, text: str, line: int) -> None:
        try:
            check_regex(expression)
        except RuleError as error:
            raise _complain(path, _line_of_text(text, line, expression), str(error)) from error

    def _patterns(self) -> Iterator[tuple[tuple[str, str], str]]:
        for guard in self._guards.values():
            for pattern in (*guard.pattern, *guard.unless):
                yield ("guard", guard.name), pattern
        for rule in self._rules.values():
            for pattern in rule.pattern:
                yield ("rule", rule.id), pattern

    def build(self) -> RuleSet:
        """Check the references between the files and return the set."""
        words = {word for concept in self._concepts.values() for word in concept.words}
        for owner, pattern in self._patterns():
            path, text, line = self._origin[owner]
            line = _line_of_text(text, line, pattern)
            try:
                compile_pattern(pattern, lambda _name: "x", lambda literal: [literal])
            except RuleError as error:
                raise _complain(path, line, str(error)) from error
            unknown = concepts_of(pattern) - self._concepts.keys()
            if unknown:
                raise _complain(path, line, f"unknown concept {sorted(unknown)}; declare it by [[concept]]")
        for rule in self._rules.values():
            path, text, line = self._origin["rule", rule.id]
            unknown = {*(rule.unless or ()), *rule.requires} - self._guards.keys()
            if unknown:
                raise _complain(path, line, f"unknown guard {sorted(unknown)}; declare it by [[guard]]")
        return RuleSet(
            concepts=tuple(self._concepts.values()),
            guards=tuple(self._guards.values()),
            rules=tuple(self._rules.values()),
            words=(*sorted(words), *("-" + word for word in sorted(self._split - words))),
            sources={
                name: f"{path}:{line}"
                for (kind, name), (path, _, line) in self._origin.items()
                if kind == "rule"
            },
        )
