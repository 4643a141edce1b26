"""Turns a text into the features that two posts are compared by."""

import functools
import hashlib
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.classify.normalise import normalise
from bot.classify.tokenizer import Tokenizer, make_tokenizer
from bot.events import Label
from bot.notices import times
from bot.notices.lexicon import Lexicon, lexicon
from bot.notices.numbers import Numeral, find_numbers
from bot.notices.packing import pack, unpack
from bot.notices.slots import Features, Item, Moment, Slot

__all__ = ["Extractor", "Features", "Item", "Moment", "Slot", "extract", "pack", "unpack"]

_NOISE = re.compile(r"[\ue000-\uf8ff]|@所有人|(?m:^\s*(?:\d{1,2}|[一二三四五六七八九十]{1,3})[、.)]\s*(?!\d))")
_BREAK = re.compile(r"[^\u3400-\u9fff0-9a-z%℃]+")
_LEAD = re.compile(r"^[\s【\[(]*(?:转发|转)[^:,。】\n]{0,12}[:】\]]\s*")
_HINT = 20
_WEIGHTS = {Slot.OBJECT: 60, Slot.ACTION: 60, Slot.ADDRESSEE: 60, Slot.PLACE: 60}
_SUBMIT = "报送"
_SOFT = 15
_ORDINARY = 100
_SINGLE = 50
_EVERY = frozenset(("各", "全体", "每位", "各位", "每个"))


def hasher(key: bytes) -> Callable[[str], int]:
    """Return a function that gives a word's 63-bit keyed hash; it remembers the words it has seen."""
    key = key if len(key) <= 64 else hashlib.blake2b(key).digest()

    @functools.lru_cache(maxsize=1 << 17)
    def mark(word: str) -> int:
        digest = hashlib.blake2b(word.encode("utf-8", "replace"), key=key, digest_size=8).digest()
        return int.from_bytes(digest, "big") >> 1

    return mark


class Extractor:
    """Makes features with one key, one zone and one lexicon."""

    def __init__(self, tokenizer: Tokenizer, zone: ZoneInfo, key: bytes = b"", words: Lexicon | None = None) -> None:
        self._lexicon = words or lexicon()
        self._tokenizer = tokenizer
        self._zone = zone
        self._hash = hasher(key)
        self._key_mark = self._hash("jianfu")

    def __call__(self, text: str, posted_at: datetime) -> Features:
        """Return the features of a text that was posted at an (aware) moment."""
        readable: dict[int, str] = {}

        def mark(word: str) -> int:
            value = self._hash(word)
            readable[value] = word
            return value

        plain = _NOISE.sub(" ", normalise(text))
        plain = _LEAD.sub("", plain)
        found = times.find(plain, posted_at, self._zone)
        body = _blank(plain, found.spans)
        numerals, spans = find_numbers(body, self._lexicon.units, posted_at.astimezone(self._zone).date())
        cancels, body = self._cancels(body)
        changes = any(word in body for word in self._lexicon.change)
        daily = any(word in body for word in self._lexicon.daily)
        body = _blank(body, spans)
        segments = [segment for segment in _BREAK.split(body) if segment]
        items = dict.fromkeys(self._number_items(numerals, mark))
        items.update(dict.fromkeys(self._word_items(segments, mark)))
        return Features(
            exact=self._hash("".join(_BREAK.split(plain))),
            grams=frozenset(self._hash(gram) for segment in segments for gram in _grams(segment)),
            items=tuple(items),
            moments=found.moments,
            posted_at=posted_at,
            due=times.due_of(found.moments, posted_at, self._zone),
            cancels=cancels,
            changes=changes,
            daily=daily,
            key_mark=self._key_mark,
            subject_hint=self._hint(segments),
            readable=readable,
        )

    def _cancels(self, body: str) -> tuple[bool, str]:
        for word in self._lexicon.not_cancel:
            body = body.replace(word, " ")
        found = False
        for word in self._lexicon.cancel:
            if word in body:
                found = True
                body = body.replace(word, " ")
        return found, body

    def _number_items(self, numerals: Iterable[Numeral], mark: Callable[[str], int]) -> Iterator[Item]:
        for numeral in numerals:
            slot = Slot.PERIOD if numeral.is_period else Slot.NUMBER
            yield Item(slot, mark(numeral.value + numeral.unit), _ORDINARY, mark(numeral.unit))

    def _word_items(self, segments: Iterable[str], mark: Callable[[str], int]) -> Iterator[Item]:
        for segment in segments:
            before = ""
            for word in self._tokenizer.cut(segment):
                item = self._item(word, before, mark)
                before = word
                if item is not None:
                    yield item

    def _item(self, word: str, before: str, mark: Callable[[str], int]) -> Item | None:
        meaning = self._lexicon.meaning.get(word)
        if meaning is None and word in self._lexicon.free:
            return None
        if meaning is None and word in self._lexicon.soft:
            return Item(Slot.SUBJECT, mark(word), _SOFT)
        grams = tuple(self._hash(gram) for gram in _grams(word))
        if meaning is not None:
            slot, canonical = meaning
            weight = _WEIGHTS[slot] if canonical != _SUBMIT else _SOFT
            return Item(slot, mark(canonical), weight, grams=grams)
        if before in _EVERY:
            return Item(Slot.ADDRESSEE, mark(word), _WEIGHTS[Slot.ADDRESSEE], grams=grams)
        if len(word) > 2 and word.endswith(self._lexicon.place_endings):
            return Item(Slot.PLACE, mark(word), _WEIGHTS[Slot.PLACE], grams=grams)
        return Item(Slot.SUBJECT, mark(word), _ORDINARY if len(word) > 1 else _SINGLE, grams=grams)

    def _hint(self, segments: Iterable[str]) -> str:
        """Return the first run of words that says what it is about, for showing."""
        best = ""
        for segment in segments:
            words = self._tokenizer.cut(segment)
            told = [self._tells(word) for word in words]
            if 2 not in told:
                continue
            first = next(i for i, tells in enumerate(told) if tells == 2)
            last = max(i for i, tells in enumerate(told) if tells)
            hint = "".join(words[first : last + 1])
            if len(hint) > len(best):
                best = hint
            if len(best) >= 4:
                break
        return best[:_HINT]

    def _tells(self, word: str) -> int:
        meaning = self._lexicon.meaning.get(word)
        if meaning is not None:
            return 1 if meaning[0] is Slot.OBJECT else 0
        return 0 if word in self._lexicon.free else 1 if word in self._lexicon.soft else 2


def _grams(segment: str) -> Iterator[str]:
    return (segment[i : i + 2] for i in range(len(segment) - 1))


def _blank(text: str, spans: Iterable[tuple[int, int]]) -> str:
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


@functools.lru_cache(maxsize=8)
def _default(zone: ZoneInfo, key: bytes) -> Extractor:
    return Extractor(_default_tokenizer(), zone, key)


@functools.cache
def _default_tokenizer() -> Tokenizer:
    # Only jieba, the slow fallback, writes there: its dictionary, parsed.
    return make_tokenizer("auto", lexicon().words(), Path(tempfile.gettempdir()) / "jianfu-jieba")


def extract(
    text: str,
    posted_at: datetime,
    zone: ZoneInfo,
    labels: frozenset[Label] = frozenset(),  # noqa: ARG001 - part of the contract; the text alone decides so far
    key: bytes = b"",
) -> Features:
    """Return the features of a text posted at an aware moment.

    `key` makes the hashes: features can be compared only when made with one key, and packed only with that.
    """
    return _default(zone, key)(text, posted_at)
