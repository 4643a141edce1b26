"""Weighted pieces of text: what rules do not reach, judged by many small hints that were counted in our corpus.

A piece is one to three neighbouring characters of one clause. Each has points for and against every label, and
others again in a clause that asks, denies, speaks of oneself or of what is done: 照片 in 照片呢, 照片不用发了, 我们发照片,
照片已发. A message's score for a label is the sum over its pieces. The points are data (`data/scores.tsv`), made by
`bot.classify.learn` from the labelled messages under tests/corpus, and can be read and changed like the rules.
"""

import math
import re
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib import resources
from operator import add, itemgetter
from typing import NamedTuple, cast

import ahocorasick

from bot.errors import RuleError
from bot.events import Label

EMERGENCY = "emergency"
NAMES = (*(label.value for label in Label), EMERGENCY)
MOST = 1500  # characters of a message that are looked at
DELIMITERS = ",。!?;\n"
START, END = "^", "$"
SHORTEST = 5  # characters with what stands around it; what is shorter is no clause of its own
LONGEST = 3  # characters of a piece
LEAST = 0.1  # weight of a piece
SCALE = 1000.0
# Letters that put a clause into a mood, by the name that stands before its pieces in the data.
MOODS = {"问": "?吗呢嘛么谁哪啥咋几", "我": "我俺咱", "否": "不没别勿免无停", "已": "了过已完刚昨"}
MOOD = "#"  # between mood and piece; never in a normalised text
_DELIMITER = re.compile(f"[{DELIMITERS}]")
_VALUE = itemgetter(1)
_NO_ENDS = str.maketrans("", "", START + END)
_DIGITS = re.compile(r"\d+")
_LANES = struct.Struct(f"<{len(NAMES) + 1}I")
_MOOD_LETTERS = {mood: frozenset(letters) for mood, letters in MOODS.items()}
_HALF = 1 << 31  # what a lane is shifted by, so that its sum may be negative
_MIDDLE = sum(_HALF << (32 * lane) for lane in range(len(NAMES) + 1))


class Scores(NamedTuple):
    """The scores of a message, in the order of `NAMES`: of the whole, and of the clause that has most of each."""

    whole: Sequence[float]
    clause: Sequence[float]


class ScoreCard:
    """The points, ready for adding up: a row each of points for every label, the piece's weight, and `base`.

    The points of a piece for all labels are packed into one integer, a lane of 32 bits for each label and one
    for the squared weight: adding such integers adds all lanes at once, which is several times faster than
    small arrays are (a message has some fifty pieces). All pieces of a text are found in one pass by an
    Aho-Corasick automaton; each counts once, however often it occurs.
    """

    def __init__(
        self,
        pieces: Sequence[str],
        weights: Sequence[float],
        points: Sequence[Sequence[float]],
        base: Sequence[float],
    ) -> None:
        self.base = tuple(base)
        self.pieces = tuple(pieces)
        self.rows = [
            tuple(round(value * SCALE) for value in (*(point * weight for point in row), weight * weight))
            for weight, row in zip(weights, points, strict=True)
        ]
        self._packed = [sum(value << (32 * lane) for lane, value in enumerate(row)) for row in self.rows]
        self.plain = {piece: row for row, piece in enumerate(pieces) if MOOD not in piece}
        self.in_mood = {mood: _in_mood(pieces, mood) for mood in MOODS}
        self.finds = sorted({*self.plain, *(piece for rows in self.in_mood.values() for piece in rows)})
        self._finder = ahocorasick.Automaton(ahocorasick.STORE_ANY)
        for piece in self.finds:
            self._finder.add_word(piece, piece)
        self._finder.make_automaton()

    def scores(self, body: str) -> Scores:
        """Return the scores of a normalised text as a whole and of its best clause.

        A long notice says much that is no roll-call before it says 收到请回复.
        """
        text = prepared(body)
        spans = clauses_of(text)
        found = [self._found(text, *span) for span in spans]
        whole = self._sum(found[0] if len(found) == 1 else set().union(*found))
        clauses = [rows for rows, span in zip(found, spans, strict=True) if is_clause(*span)]
        if len(clauses) < 2:
            return Scores(whole, whole)
        return Scores(whole, list(map(max, *map(self._sum, clauses))))

    def _found(self, text: str, start: int, end: int) -> set[int]:
        pieces = set(map(_VALUE, self._finder.iter(text, start, end)))
        rows: set[int | None] = set(map(self.plain.get, pieces))
        for mood in moods_of(text, start, end):
            rows.update(map(self.in_mood[mood].get, pieces))
        rows.discard(None)
        return cast("set[int]", rows)

    def _sum(self, rows: Iterable[int]) -> list[float]:
        total = sum(map(self._packed.__getitem__, rows), _MIDDLE)
        *lanes, squares = _LANES.unpack(total.to_bytes(_LANES.size, "little"))
        if squares == _HALF:
            return list(self.base)
        factor = 1 / math.sqrt((squares - _HALF) * SCALE)
        return [(lane - _HALF) * factor + base for lane, base in zip(lanes, self.base, strict=True)]

    def reasons(self, body: str, name: str, most: int = 3) -> tuple[str, ...]:
        """Return the pieces that speak most for a label, the strongest first; none inside another."""
        column = NAMES.index(name)
        text = prepared(body)
        points: Counter[str] = Counter()
        for row in set().union(*(self._found(text, *span) for span in clauses_of(text))):
            points[self.pieces[row].rpartition(MOOD)[2]] += self.rows[row][column]
        chosen: list[str] = []
        for marked in sorted(points, key=lambda piece: (-points[piece], piece)):
            piece = marked.strip(START + END)
            if points[marked] <= 0 or len(chosen) >= most:
                break
            if piece and not any(piece in other or other in piece for other in chosen):
                chosen.append(piece)
        return tuple(chosen)


def prepared(body: str) -> str:
    """Return a normalised text as pieces are taken from it: numbers alike, its ends marked."""
    return prepared_all((body,))


def prepared_all(bodies: Iterable[str]) -> str:
    """Return normalised texts, each prepared, one after the other."""
    return _DIGITS.sub("0", "".join([f"{START}{body[:MOST].translate(_NO_ENDS)}{END}" for body in bodies]))


def clauses_of(text: str) -> list[tuple[int, int]]:
    """Return where the clauses of a prepared text begin and end, each with what parts it from its neighbours."""
    marks = [found.start() for found in _DELIMITER.finditer(text)]
    if not marks:
        return [(0, len(text))]
    return list(zip((0, *marks), (*(mark + 1 for mark in marks), len(text)), strict=True))


def is_clause(start: int, end: int) -> bool:
    """Return whether a span is long enough to be judged as a clause."""
    return end - start >= SHORTEST


def moods_of(text: str, start: int, end: int) -> list[str]:
    """Return the moods of a clause; the mark before it, its first letter, is of another."""
    own = text[start + 1 : end]
    return [mood for mood, letters in _MOOD_LETTERS.items() if not letters.isdisjoint(own)]


def pieces_of(body: str) -> set[str]:
    """Return the pieces of a normalised text, each once, plain and in every mood of its clauses.

    None reaches over the end of a clause.
    """
    text = prepared(body)
    found: set[str] = set()
    for start, end in clauses_of(text):
        clause = text[start:end]
        pairs = list(map(add, clause, clause[1:]))
        pieces = {*clause, *pairs, *map(add, pairs, clause[2:])}
        found |= pieces
        for mood in moods_of(text, start, end):
            found.update(map(f"{mood}{MOOD}".__add__, pieces))
    return found


def _in_mood(pieces: Sequence[str], mood: str) -> dict[str, int]:
    head = mood + MOOD
    return {piece.removeprefix(head): row for row, piece in enumerate(pieces) if piece.startswith(head)}


def parse(text: str, name: str) -> ScoreCard:
    """Read a score card. Raises RuleError with file and line."""
    pieces: list[str] = []
    points: list[Sequence[float]] = []
    weights: list[float] = []
    base: Sequence[float] = ()
    for number, head, values in rows_of(text, name):
        if head == "#base":
            base = values
            continue
        if len(values) != len(NAMES) + 1:
            msg = f"{name} 第{number}行：应有 {len(NAMES) + 1} 个分数，实有 {len(values)} 个"
            raise RuleError(msg)
        mood, _, piece = head.replace("\\n", "\n").replace("\\t", "\t").replace("\\s", " ").rpartition(MOOD)
        if not 1 <= len(piece) <= LONGEST or (mood and mood not in MOODS) or values[0] < LEAST:
            msg = f"{name} 第{number}行：片段应为一至{LONGEST}个字，前面只可有 {'、'.join(MOODS)}，权重应大于 {LEAST}"
            raise RuleError(msg)
        pieces.append(f"{mood}{MOOD}{piece}" if mood else piece)
        weights.append(values[0])
        points.append(values[1:])
    if len(base) != len(NAMES):
        msg = f"{name}：缺少 #base 行，或列数不对"
        raise RuleError(msg)
    if not pieces:
        msg = f"{name}：一行计分也没有"
        raise RuleError(msg)
    return ScoreCard(pieces, weights, points, base)


def rows_of(text: str, name: str) -> Iterator[tuple[int, str, list[float]]]:
    """Yield the rows of a table of thousandths: line, head, values. Raises RuleError with file and line."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("# "):
            continue
        head, *cells = line.split("\t")
        try:
            yield number, head, [int(cell or 0) / SCALE for cell in cells]
        except ValueError as error:
            msg = f"{name} 第{number}行：分数应为整数"
            raise RuleError(msg) from error


@cache
def load_scores() -> ScoreCard:
    """Read the score card that comes with the program."""
    name = "scores.tsv"
    data = resources.files("bot.classify").joinpath("data", name).read_text(encoding="utf-8")
    return parse(data, name)
