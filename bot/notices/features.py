"""Turns a text into the features that two posts are compared by."""

import functools
import hashlib
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.classify.normalise import normalise
from bot.classify.tokenizer import Tokenizer, make_tokenizer
from bot.events import Label
from bot.notices import times
from bot.notices.lexicon import Lexicon, Meaning, lexicon
from bot.notices.numbers import Numeral, find_numbers
from bot.notices.packing import pack, unpack
from bot.notices.slots import Features, Item, Moment, Slot

__all__ = ["Extractor", "Features", "Item", "Moment", "Slot", "extract", "pack", "unpack"]

_NOISE = re.compile(
    r"[\ue000-\uf8ff]|@所有人|(?m:^\s*(?:\d{1,2}|[一二三四五六七八九十]{1,3})[、.)]\s*(?!\d))"
)
_MENTION = re.compile("[@＠](?!所有人|全体成员|全体人员|all)")
_BREAK = re.compile(r"[^\u3400-\u9fff0-9a-z%℃]+")
_WORDS = re.compile(r"[\u3400-\u9fffa-z%℃]+")
_CLAUSE_END = frozenset(",。;!?\n")
_HEAD = re.compile(
    r"^\s*(?:\[(?P<boxed>[^\]\n]{1,14})\]|【(?P<head>[^】\n]{1,16})】)?\s*(?P<source>[^:,。;!?\n【]{1,16})?(?P<end>[:,])?"
)
_NAME = re.compile(
    r"(?:小|老)[\u4e00-\u9fff](?![\u4e00-\u9fff])|[\u4e00-\u9fff](?:姐|哥|工)(?![\u4e00-\u9fff])"
)
_HINT = 20
_GENERIC_ACTS = frozenset(("报送", "参加"))
_SOFT = 15
_ACT = 25
_THING = 60
_RARE = 100
_SINGLE = 40
_LONGEST_LOOSE = 4
_EVERY = frozenset(("各", "全体", "每位", "各位", "每个"))


def hasher(key: bytes) -> Callable[[str], int]:
    """Return a function that gives a word's 63-bit keyed hash; it remembers the words it has seen."""
    key = key if len(key) <= 64 else hashlib.blake2b(key).digest()

    @functools.lru_cache(maxsize=1 << 17)
    def mark(word: str) -> int:
        digest = hashlib.blake2b(word.encode("utf-8", "replace"), key=key, digest_size=8).digest()
        return int.from_bytes(digest, "big") >> 1

    return mark


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of the text that says something; `item` is None for what separates (a time, a clause end)."""

    at: int
    word: str
    item: Item | None


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

    def __call__(self, text: str, posted_at: datetime) -> Features:
        """Return the features of a text that was posted at an (aware) moment."""
        readable: dict[int, str] = {}

        def mark(word: str) -> int:
            value = self._hash(word)
            readable[value] = word
            return value

        plain = times.spell_ranges(_NOISE.sub(" ", normalise(_MENTION.sub(" ", text))))
        found = times.find(plain, posted_at, self._zone)
        body = _blank(plain, found.spans)
        cancels, body = self._cancels(body)
        numerals = find_numbers(
            body, self._lexicon.units, posted_at.astimezone(self._zone).date(), self._tokenizer.cut
        )
        changes = any(word in body for word in self._lexicon.change)
        daily = any(word in body for word in self._lexicon.daily)
        bare = _blank(body, [numeral.span for numeral in numerals])
        source = self._source(plain)
        tokens = sorted(
            [
                *(self._numeral(numeral, mark) for numeral in numerals),
                *self._tokens(bare, source, mark),
                *(_Token(i, char, None) for i, char in enumerate(plain) if char in _CLAUSE_END),
            ],
            key=lambda token: token.at,
        )
        segments = [segment for segment in _BREAK.split(bare) if segment]
        return Features(
            exact=self._hash("".join(_BREAK.split(plain))),
            grams=frozenset(self._hash(gram) for segment in segments for gram in _grams(segment)),
            aliases=frozenset(self._hash(alias) for alias in _abbreviations(tokens)),
            items=tuple(dict.fromkeys(_in_context(tokens))),
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
            body = body.replace(word, " " * len(word))
        found = False
        for word in self._lexicon.cancel:
            if word in body:
                found = True
                body = body.replace(word, " " * len(word))
        return found, body

    def _source(self, plain: str) -> int:
        """Return where the part at the head of a text ends that only says who speaks."""
        head = _HEAD.match(plain)
        if head is None:
            return 0
        end = 0
        if head["head"] and self._is_office(head["head"]):
            end = head.end("head")
        if head["source"] and head["end"] and self._is_office(head["source"]):
            end = head.end("source")
        return end

    def _is_office(self, words: str) -> bool:
        words = words.strip().removeprefix("转发").removeprefix("转")
        if any(every in words for every in ("各", "全体")):
            return False
        for said in self._lexicon.speech:
            words = words.removesuffix(said)
        return words.endswith(self._lexicon.offices)

    def _numeral(self, numeral: Numeral, mark: Callable[[str], int]) -> _Token:
        slot = Slot.PERIOD if numeral.is_period else Slot.NUMBER
        word = numeral.value + numeral.unit
        return _Token(numeral.span[0], word, Item(slot, mark(word), _RARE, mark(numeral.unit)))

    def _tokens(self, bare: str, source: int, mark: Callable[[str], int]) -> Iterator[_Token]:
        for match in _WORDS.finditer(bare):
            at = match.start()
            before = ""
            words = self._words(match.group())
            relayed = self._relayed(words)
            for place, word in enumerate(words):
                item = self._item(word, before, mark)
                if item is not None:
                    if at < source and item.weight > _SOFT:
                        item = replace(item, slot=Slot.SUBJECT, weight=_SOFT)
                    if item.slot is Slot.ADDRESSEE and place in relayed:
                        item = replace(item, weight=_SOFT)
                    yield _Token(at, word, item)
                before = word
                at += len(word)

    def _words(self, segment: str) -> list[str]:
        """Cut a segment; single characters that no list knows and that stand together are one word."""
        words: list[str] = []
        loose = False
        for word in self._tokenizer.cut(segment):
            single = len(word) == 1 and not self._known(word)
            if single and loose and len(words[-1]) < _LONGEST_LOOSE:
                words[-1] += word
            else:
                words.extend(self._parts(word))
            loose = single
        return words

    def _parts(self, word: str) -> tuple[str, ...]:
        """Split a word that no list has but whose end one has: 学生名单 is a 名单 of 学生."""
        if len(word) < 2 or self._known(word):
            return (word,)
        for cut in range(1, len(word) - 1):
            if word[cut:] in self._lexicon.meaning:
                return (word[:cut], word[cut:])
        if word[0] in self._lexicon.meaning and word[1:] in self._lexicon.free:
            return (word[0], word[1:])
        if len(word) > 2 and word.endswith("表"):
            return (word[:-1], "表")
        return (word,)

    def _known(self, word: str) -> bool:
        lex = self._lexicon
        return word in lex.meaning or word in lex.free or word in lex.soft

    def _relayed(self, words: list[str]) -> frozenset[int]:
        """Return the places of the words beside a verb of telling others: they are told of, or tell."""
        relays = [i for i, word in enumerate(words) if word in self._lexicon.relay]
        return frozenset(place for i in relays for place in (i - 2, i - 1, i + 1, i + 2) if place >= 0)

    def _item(self, word: str, before: str, mark: Callable[[str], int]) -> Item | None:
        lex = self._lexicon
        meaning = lex.meaning.get(word)
        if meaning is None and word in lex.free:
            return None
        if meaning is None and word in lex.soft:
            return Item(Slot.SUBJECT, mark(word), _SOFT)
        grams = tuple(self._hash(gram) for gram in _grams(word))
        if meaning is not None:
            return self._meant(meaning, grams, mark)
        if before in _EVERY:
            return Item(Slot.ADDRESSEE, mark(word), _THING, mark("unit"), grams)
        if len(word) > 2 and word.endswith(lex.place_endings):
            return Item(Slot.PLACE, mark(word), _THING, mark(word[-1]), grams)
        return Item(Slot.SUBJECT, mark(word), self._weight(word), 0, grams)

    def _meant(self, meaning: Meaning, grams: tuple[int, ...], mark: Callable[[str], int]) -> Item:
        weight = _THING
        if meaning.canonical in _GENERIC_ACTS or meaning.canonical in self._lexicon.generic:
            weight = _SOFT
        kind = mark(meaning.kind) if meaning.kind else 0
        return Item(meaning.slot, mark(meaning.canonical), weight, kind, grams)

    def _weight(self, word: str) -> int:
        lex = self._lexicon
        if word not in lex.topic:
            if word in lex.acts:
                return _ACT
            if word in lex.things:
                return _THING if len(word) > 1 else _ACT
        return _RARE if len(word) > 1 else _SINGLE

    def _hint(self, segments: Iterable[str]) -> str:
        """Return the first run of words that says what it is about, for showing."""
        best = ""
        for segment in segments:
            words = self._tokenizer.cut(segment)
            told = [self._tells(word) for word in words]
            if 2 not in told:
                continue
            first = told.index(2)
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
            return 1 if meaning.slot is Slot.OBJECT else 0
        if word in self._lexicon.free:
            return 0
        return 1 if word in self._lexicon.soft else 2


def _in_context(tokens: list[_Token]) -> Iterator[Item]:
    """Give each item its neighbours within the clause, of those that say what it is about."""
    before = 0
    for place, token in enumerate(tokens):
        if token.item is None:
            before = 0
            continue
        after = 0
        for other in tokens[place + 1 :]:
            if other.item is None:
                break
            if _speaks(other.item):
                after = other.item.value
                break
        yield replace(token.item, before=before, after=after)
        if _speaks(token.item):
            before = token.item.value


def _speaks(item: Item) -> bool:
    return item.slot is Slot.ACTION or (item.weight >= _ACT and item.slot is not Slot.ADDRESSEE)


def _abbreviations(tokens: list[_Token]) -> Iterator[str]:
    """Yield how its words may be shortened: 地质灾害 to 地灾, 经济普查 to 经普, 安全生产责任险 to 安责险."""
    run: list[str] = []
    for token in [*tokens, _Token(0, "", None)]:
        if token.item is not None and token.item.slot in {Slot.SUBJECT, Slot.OBJECT, Slot.ACTION}:
            run.append(token.word)
            continue
        yield from _shortened(run)
        run = []


def _shortened(run: list[str]) -> Iterator[str]:
    for place, word in enumerate(run):
        if len(word) > 2:
            yield word[0] + word[2]
        if len(word) > 1:
            yield from (word[0], word[-1], word[len(word) // 2])
        if len(word) > 1:
            yield word[0]
            yield word[-1]
        for other in run[place + 1 : place + 3]:
            if len(word) > 1 and len(other) > 1:
                yield word[0] + other[0]
                yield word[0] + other[-1]
                yield word[0] + other[0] + other[-1]


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
