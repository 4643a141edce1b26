"""The words that tell notices apart, read from data."""

import functools
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.errors import RuleError
from bot.notices.slots import Slot


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    words: str


class _Cancel(_Words):
    negated: str
    exempt: str
    acts: str


class _Speech(_Words):
    offices: str


class LexiconFile(BaseModel):
    """The schema of lexicon.toml: slots of meaning = words."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    object: dict[str, str]
    action: dict[str, str]
    addressee: dict[str, dict[str, str]]
    relay: _Words
    family: dict[str, str]
    topic: _Words
    speech: _Speech
    place: dict[str, str]
    exclusive: dict[str, str]
    subject: dict[str, str]
    unit: dict[str, str]
    cancel: _Cancel
    change: _Words
    daily: _Words
    prefix: _Words


class FreeFile(BaseModel):
    """The schema of free_words.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    free: dict[str, str]
    soft: _Words


class CommonFile(BaseModel):
    """The schema of common_words.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    acts: str
    things: str


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a word says: its slot, the canonical word, and the kind within which meanings exclude each other."""

    slot: Slot
    canonical: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Every word with what it means."""

    meaning: dict[str, Meaning]
    generic: frozenset[str]
    relay: frozenset[str]
    topic: frozenset[str]
    speech: tuple[str, ...]
    offices: tuple[str, ...]
    acts: frozenset[str]
    things: frozenset[str]
    place_endings: tuple[str, ...]
    units: dict[str, str]
    cancel: re.Pattern[str]
    not_cancel: re.Pattern[str]
    exclusive: dict[str, tuple[tuple[str, str], ...]]  # a word to its groups and its name in each
    change: tuple[str, ...]
    daily: tuple[str, ...]
    prefixes: tuple[str, ...]
    free: frozenset[str]
    soft: frozenset[str]
    plain: dict[str, str]  # a word to the plainest one that says the same

    def words(self) -> frozenset[str]:
        """Return every word that the tokenizer should keep whole."""
        return frozenset(
            (
                *self.meaning,
                *self.free,
                *self.soft,
                *self.topic,
                *self.exclusive,
                *self.place_endings,
                *(word for word in self.plain if len(word) > 1),
            )
        )


def _by_length(words: str) -> tuple[str, ...]:
    return tuple(sorted(set(words.split()), key=lambda word: (-len(word), word)))


def _read(name: str, schema: type[BaseModel]) -> Any:
    try:
        return schema.model_validate(tomllib.loads((files(__package__) / name).read_text("utf-8")))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise RuleError(f"bot/notices/{name} cannot be used: {error}") from error


@functools.cache
def lexicon() -> Lexicon:
    """Return the lexicon that comes with the program."""
    data: LexiconFile = _read("lexicon.toml", LexiconFile)
    free: FreeFile = _read("free_words.toml", FreeFile)
    common: CommonFile = _read("common_words.toml", CommonFile)
    places = dict(data.place)
    endings = places.pop("endings", "")
    families = dict(data.family)
    generic = frozenset(families.pop("generic", "").split())
    family = {word: name for name, words in families.items() for word in words.split()}
    meaning: dict[str, Meaning] = {}
    for canonical, words in places.items():
        _teach(meaning, words, Meaning(Slot.PLACE, canonical, canonical[-1]))
    for kind, table in data.addressee.items():
        for canonical, words in table.items():
            _teach(meaning, words, Meaning(Slot.ADDRESSEE, canonical, kind))
    for canonical, words in data.subject.items():
        _teach(meaning, words, Meaning(Slot.SUBJECT, canonical))
    for canonical, words in data.action.items():
        _teach(meaning, words, Meaning(Slot.ACTION, canonical, family.get(canonical, "")))
    for canonical, words in data.object.items():
        _teach(meaning, words, Meaning(Slot.OBJECT, canonical, family.get(canonical, "")))
    free_words = frozenset(word for words in free.free.values() for word in words.split())
    free_words |= frozenset(data.prefix.words.split())
    soft_words = frozenset(free.soft.words.split())
    return Lexicon(
        meaning=meaning,
        generic=generic,
        relay=frozenset(data.relay.words.split()),
        topic=frozenset(data.topic.words.split()),
        speech=_by_length(data.speech.words),
        offices=_by_length(data.speech.offices),
        acts=frozenset(common.acts.split()),
        things=frozenset(common.things.split()),
        place_endings=_by_length(endings),
        units={word: unit for unit, words in data.unit.items() for word in words.split()},
        cancel=_pattern(data.cancel),
        not_cancel=_any(data.cancel.negated.split()),
        exclusive=_exclusive(data.exclusive, _groups("exclusive.txt")),
        change=_by_length(data.change.words),
        daily=_by_length(data.daily.words),
        prefixes=_by_length(data.prefix.words),
        free=free_words,
        soft=soft_words,
        plain=_plainest(_groups("synonyms.txt"), meaning, free_words | soft_words),
    )


def _exclusive(named: dict[str, str], groups: Iterable[list[str]]) -> dict[str, tuple[tuple[str, str], ...]]:
    """Give every word its groups and its name in each; spellings of one thing are joined by a stroke."""
    told: dict[str, list[tuple[str, str]]] = {}
    numbered = ((str(number), alternatives) for number, alternatives in enumerate(groups))
    for name, alternatives in (*((name, words.split()) for name, words in named.items()), *numbered):
        for alternative in alternatives:
            spellings = alternative.split("/")
            for word in spellings:
                told.setdefault(word, []).append((name, spellings[0]))
    return {word: tuple(pairs) for word, pairs in told.items()}


def _groups(name: str) -> list[list[str]]:
    """Read a file of groups of words, one a line; `#` begins a comment."""
    lines = (files(__package__) / name).read_text("utf-8").splitlines()
    return [line.split() for line in lines if line and not line.startswith("#")]


def _plainest(groups: Iterable[list[str]], *known: Collection[str]) -> dict[str, str]:
    """Give every word of a group the long one that the lexicon knows, else its first long one; a known word stays itself."""
    plain: dict[str, str] = {}
    for group in groups:
        # One letter is ambiguous: 归还 is 还, but 还 by itself mostly says "also", and tells nothing apart.
        long = [word for word in group if len(word) > 1]
        told = next(
            (word for words in known for word in long if word in words), long[0] if long else group[0]
        )
        for word in group:
            if word != told and not any(word in words for words in known):
                plain.setdefault(word, told)
    return {word: _last(plain, word) for word in plain}


def _last(plain: Mapping[str, str], word: str) -> str:
    """Return the end of the chain: the plainest word of one group may have a plainer one in another."""
    seen: set[str] = set()
    while word in plain and word not in seen:
        seen.add(word)
        word = plain[word]
    return word


def _any(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(word) for word in _by_length(" ".join(words))))


def _pattern(cancel: _Cancel) -> re.Pattern[str]:
    """Return what finds a calling off: its own words, an exemption before an act, 不 an act 了."""
    acts = _any(cancel.acts.split()).pattern
    exempt = _any(cancel.exempt.split()).pattern
    return re.compile(
        rf"{_any(cancel.words.split()).pattern}|(?:{exempt})(?:再|来|去|各村|大家|继续|重复|重新|多次|另行|单独|反复|统一|专门|往群里|在群里|到群里|向群里|在本群|每天|每日){{0,2}}(?:{acts}|发(?![生放展现布]))|不再?(?:{acts})[^,。;!?\n了]{{0,6}}了"
    )


def _teach(meanings: dict[str, Meaning], words: str, meaning: Meaning) -> None:
    for word in words.split():
        meanings[word] = meaning
