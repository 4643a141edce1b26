"""The words that tell notices apart, read from data."""

import functools
import tomllib
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


class LexiconFile(BaseModel):
    """The schema of lexicon.toml: slots of meaning = words."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    object: dict[str, str]
    action: dict[str, str]
    addressee: dict[str, str]
    place: dict[str, str]
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


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Every word with what it means: `meaning` gives slot and canonical word."""

    meaning: dict[str, tuple[Slot, str]]
    place_endings: tuple[str, ...]
    units: dict[str, str]
    cancel: tuple[str, ...]
    not_cancel: tuple[str, ...]
    change: tuple[str, ...]
    daily: tuple[str, ...]
    prefixes: tuple[str, ...]
    free: frozenset[str]
    soft: frozenset[str]

    def words(self) -> frozenset[str]:
        """Return every word that the tokenizer should keep whole."""
        return frozenset(self.meaning) | self.free | self.soft


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
    meaning: dict[str, tuple[Slot, str]] = {}
    places = dict(data.place)
    endings = places.pop("endings", "")
    for slot, table in (
        (Slot.PLACE, places),
        (Slot.ADDRESSEE, data.addressee),
        (Slot.ACTION, data.action),
        (Slot.OBJECT, data.object),
    ):
        for canonical, words in table.items():
            for word in words.split():
                meaning[word] = (slot, canonical)
    return Lexicon(
        meaning=meaning,
        place_endings=_by_length(endings),
        units={word: unit for unit, words in data.unit.items() for word in words.split()},
        cancel=_by_length(data.cancel.words),
        not_cancel=_by_length(data.cancel.negated),
        change=_by_length(data.change.words),
        daily=_by_length(data.daily.words),
        prefixes=_by_length(data.prefix.words),
        free=frozenset(word for words in free.free.values() for word in words.split()),
        soft=frozenset(free.soft.words.split()),
    )
