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
from bot.notices.context import Token, abbreviations, grams_of, in_context
from bot.notices.dates import due_of
from bot.notices.lexicon import Lexicon, lexicon
from bot.notices.numbers import Numeral, find_numbers
from bot.notices.packing import pack, unpack
from bot.notices.slots import Features, Item, Moment, Slot
from bot.notices.vocabulary import RARE
from bot.notices.words import WordReader

__all__ = ["Extractor", "Features", "Item", "Moment", "Slot", "extract", "pack", "unpack"]

_NOISE = re.compile(
    r"[\ue000-\uf8ff]|@所有人|(?m:^\s*(?:\d{1,2}|[一二三四五六七八九十]{1,3})[、.)]\s*(?!\d))"
)
_MENTION = re.compile("[@＠](?!所有人|全体成员|全体人员|all)")
_BREAK = re.compile(r"[^\u3400-\u9fff0-9a-z%℃]+")
_CLAUSE_END = frozenset(",。;!?\n")
_HEAD = re.compile(
    r"^\s*(?:\[(?P<boxed>[^\]\n]{1,14})\]|【(?P<head>[^】\n]{1,16})】)?"
    r"\s*(?P<source>[^:,。;!?\n【]{1,16})?(?P<end>[:,])?"
)
# A clause that only says what is left for another time: the rest is what the post is about.
_ASIDE = re.compile(
    r"(?<=[,。;!?\n])[^,。;!?\n]*(?:再说|另行通知|另行安排|另发通知|除外|不在此列|照做|照旧|不变)(?=[,。;!?\n]|\s*$)"
)
_PASSED_ON = re.compile("^转|(?:提醒|通知|要求|强调|通报|催)(?:您|大家|各位)?$")
_QUOTED = re.compile('[“"《「『](?P<name>[^”"》」』\\n]{2,16})[”"》」』]')
_LONGEST = 6000  # characters, as in classify.normalise
_CLAUSE = re.compile(r"[,。;!?:\n\[\]【】]+")
_QUESTION = re.compile(r"请问|问一下|请教|(?:吗|么|呢)?\?\s*$|(?:吗|么)\s*$")
_REPORT = re.compile(
    r"已(?:经|全部|都)?[^,。;!?\n]{0,6}(?:完成|报送|上报|提交|上交|交齐|发您|发给您|收齐|找到|送到|办结|结束)"
    r"(?:了|完毕)?(?=[,。;!?\n]|\s*$)"
    r"|已(?:经|全部|都)?报(?!名|到|[^,。;!?\n]*的)"
)
_DEMAND = re.compile(r"请(?!查收|审阅|知悉|放心|停止)|务必|抓紧|尽快|必须|马上|立即|其余|未|没")
_HINT = 20
_FRAME_LONGEST = 300
_FRAME_MARKS = 64
_LETTER_MARKS = 1024
_FIRST_MARK = 0x4E00


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

    def __init__(
        self, tokenizer: Tokenizer, zone: ZoneInfo, key: bytes = b"", words: Lexicon | None = None
    ) -> None:
        self._lexicon = words or lexicon()
        self._tokenizer = tokenizer
        self._zone = zone
        self._hash = hasher(key)
        self._key_mark = self._hash("jianfu")
        self._reader = WordReader(tokenizer, self._lexicon, self._hash)

    def __call__(self, text: str, posted_at: datetime) -> Features:
        """Return the features of a text that was posted at an (aware) moment."""
        readable: dict[int, str] = {}
        plain = times.spell_ranges(_NOISE.sub(" ", normalise(_MENTION.sub(" ", text))))
        found = times.find(plain, posted_at, self._zone)
        plain = _ASIDE.sub(_spaces, plain)
        body = _blank(plain, found.spans)
        cancels, body = self._cancels(body)
        today = posted_at.astimezone(self._zone).date()
        numerals = find_numbers(body, self._lexicon.units, today, self._tokenizer.cut)
        bare = _blank(body, [numeral.span for numeral in numerals])
        tokens = sorted(
            [
                *(self._numeral(numeral, readable) for numeral in numerals),
                *self._reader.read(plain, bare, self._source(plain), readable),
                *self._names(text, readable),
                *(Token(i, char, None) for i, char in enumerate(plain) if char in _CLAUSE_END),
            ],
            key=lambda token: token.at,
        )
        segments = [segment for segment in _BREAK.split(bare) if segment]
        words = [self._reader.plainest(word) for segment in segments for word in self._reader.split(segment)]
        return Features(
            exact=self._hash("".join(_BREAK.split(plain))),
            grams=_sorted(self._hash(gram) for segment in segments for gram in grams_of(segment)),
            aliases=_sorted(self._hash(alias) for alias in abbreviations(tokens)),
            items=tuple(dict.fromkeys(in_context(tokens))),
            moments=found.moments,
            posted_at=posted_at,
            due=due_of(found.moments, posted_at, self._zone),
            cancels=cancels,
            changes=any(word in body for word in self._lexicon.change),
            asks=_QUESTION.search(plain) is not None,
            reports=_REPORT.search(plain) is not None and _DEMAND.search(plain) is None,
            daily=any(word in body for word in self._lexicon.daily),
            key_mark=self._key_mark,
            frame=self._frame(words),
            letters=self._letters(words),
            subject_hint=self._hint(bare),
            readable=readable,
        )

    def _frame(self, words: Iterable[str]) -> str:
        """Return a keyed mark for each letter, in their order.

        Some thirty letters share a mark: in their order, letters that each have their own could be guessed.
        """
        letters = "".join(words)[:_FRAME_LONGEST]
        return "".join(chr(_FIRST_MARK + self._hash(letter) % _FRAME_MARKS) for letter in letters)

    def _letters(self, words: Iterable[str]) -> str:
        """Return the keyed marks of the letters of words that can tell notices apart, sorted."""
        letters = set("".join(word for word in words if word not in self._lexicon.free))
        return "".join(sorted({chr(_FIRST_MARK + self._hash(letter) % _LETTER_MARKS) for letter in letters}))

    def _cancels(self, body: str) -> tuple[bool, str]:
        """Tell whether something is called off, and blank the words that say so."""
        body = self._lexicon.not_cancel.sub(_spaces, body)
        called_off = self._lexicon.cancel.sub(_spaces, body)
        return called_off != body, called_off

    def _source(self, plain: str) -> int:
        """Return where the part at the head of a text ends that only says who speaks."""
        head = _HEAD.match(plain)
        if head is None:
            return 0
        end = 0
        if head["head"] and self._is_office(head["head"]):
            end = head.end("head")
        speaks = head["end"] == ":" or _PASSED_ON.search(head["source"] or "")
        if head["source"] and head["end"] and speaks and self._is_office(head["source"]):
            end = head.end("source")
        return end

    def _is_office(self, words: str) -> bool:
        words = words.strip().removeprefix("转发").removeprefix("转")
        if any(every in words for every in ("各", "全体")):
            return False
        for said in self._lexicon.speech:
            words = words.removesuffix(said)
        return words.endswith(self._lexicon.offices)

    def _numeral(self, numeral: Numeral, readable: dict[int, str]) -> Token:
        slot = Slot.PERIOD if numeral.is_period else Slot.NUMBER
        word = numeral.value + numeral.unit
        value = self._hash(word)
        readable[value] = word
        return Token(numeral.span[0], word, Item(slot, value, RARE, self._hash(numeral.unit)))

    def _names(self, text: str, readable: dict[int, str]) -> Iterator[Token]:
        """Yield the names in quotes, which the normalised text no longer shows."""
        for match in _QUOTED.finditer(text[:_LONGEST]):
            name = "".join(_BREAK.split(normalise(match["name"])))
            if len(name) < 2 or name in self._lexicon.free:
                continue
            value = self._hash(name)
            readable[value] = name
            grams = tuple(self._hash(gram) for gram in grams_of(name))
            yield Token(-1, name, Item(Slot.NAME, value, RARE, self._hash("名称"), grams))

    def _hint(self, bare: str) -> str:
        """Return the first run of words that says what it is about, for showing."""
        best = ""
        for clause in _CLAUSE.split(bare):
            words = self._reader.split("".join(_BREAK.split(clause)))
            told = [self._reader.tells(word) for word in words]
            if 2 not in told:
                continue
            first = told.index(2)
            last = max(i for i, tells in enumerate(told) if tells)
            if 1 in told[first:]:
                last = told.index(1, first)
            hint = "".join(words[first : last + 1])
            if len(hint) > len(best):
                best = hint
            if len(best) >= 4:
                break
        return best[:_HINT]


def _sorted(values: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(set(values)))


def _spaces(match: re.Match[str]) -> str:
    return " " * len(match.group())


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
