"""The rules as data: what a rule file may say, and the set that several files make together."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.events import Label, MessageKind

Scope = Literal["clause", "sentence", "message", "lead", "tail", "before", "after"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Concept(_Strict):
    """Words that mean the same to the rules."""

    name: str = Field(min_length=1)
    comment: str = ""
    terms: str | tuple[str, ...] = ()  # words, between spaces or as a list
    match: str = ""  # a regex that a whole word must match
    suffix: bool = (
        False  # a longer word of the dictionary that ends in a term belongs here too (实施方案: 方案)
    )

    @property
    def words(self) -> tuple[str, ...]:
        """The terms one by one."""
        return tuple(self.terms.split()) if isinstance(self.terms, str) else self.terms


class Guard(_Strict):
    """Something in the surroundings of a match that forbids a rule, or that a rule requires."""

    name: str = Field(min_length=1)
    comment: str = Field(min_length=1)
    scope: Scope = "sentence"
    pattern: tuple[str, ...] = Field(min_length=1)
    unless: tuple[str, ...] = ()  # patterns that take the guard back, looked for in the same scope


class Rule(_Strict):
    """Patterns that give, or with `drops` take away, a label."""

    id: str = Field(pattern=r"^[a-z0-9]+(\.[a-z0-9_]+)+$")
    label: Label | Literal["emergency", ""] = ""
    drops: tuple[Label, ...] = ()
    comment: str = Field(min_length=1)
    pattern: tuple[str, ...] = ()
    regex: tuple[str, ...] = ()
    unless: tuple[str, ...] | None = None  # guards; None: those of the file's defaults
    but: tuple[str, ...] = ()  # further guards beside the defaults
    requires: tuple[str, ...] = ()
    kinds: tuple[MessageKind, ...] = ()  # only for messages of these kinds
    stage: int = Field(default=1, ge=1, le=4)
    given: tuple[str, ...] = ()  # labels, or "any_demand", of which an earlier stage must have found one
    absent: tuple[str, ...] = ()  # labels of which an earlier stage must have found none
    example: tuple[str, ...] = Field(min_length=1)
    counter: tuple[str, ...] = ()


class Defaults(_Strict):
    """What the rules of a file share."""

    label: Label | Literal["emergency", ""] = ""
    unless: tuple[str, ...] = ()


class RuleFile(_Strict):
    """One file of concepts, guards and rules."""

    defaults: Defaults = Defaults()
    split: str = ""  # words of the tokenizer's dictionary that hide two of ours (马上发: 马上, 发)
    concept: tuple[Concept, ...] = ()
    guard: tuple[Guard, ...] = ()
    rule: tuple[Rule, ...] = ()


class RuleSet(_Strict):
    """All concepts, guards and rules, checked against each other."""

    concepts: tuple[Concept, ...]
    guards: tuple[Guard, ...]
    rules: tuple[Rule, ...]
    words: tuple[str, ...]  # what the tokenizer must know; "-word": must cut in two
    sources: dict[str, str] = Field(default_factory=dict)  # rule id -> "file:line"
    local: frozenset[str] = frozenset()  # rule ids and words that a county added
