"""Weighted pieces of text: what rules do not reach, judged by many small hints that were counted in our corpus.

A piece is one to three neighbouring characters. Each has points for and against every label; a message's score
for a label is the sum over its pieces. The points are data (`data/scores.tsv`), made by `bot.classify.learn`
from the labelled messages under tests/corpus, and can be read and changed like the rules.
"""

import math
import re
import struct
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

import ahocorasick

from bot.errors import RuleError
from bot.events import Label

EMERGENCY = "emergency"
NAMES = (*(label.value for label in Label), EMERGENCY)
MOST = 1500  # characters of a message that are looked at
LONG = 8  # characters from which a message is judged clause by clause too
_CLAUSE = re.compile(r"[,。!?;\n]+")
_SHORTEST = 3  # characters; what is shorter is no clause
_NUMBER = itemgetter(1)
_DIGITS = re.compile(r"\d+")
_SCALE = 1000.0
_LANES = struct.Struct(f"<{len(NAMES) + 1}I")
_HALF = 1 << 31  # what a lane is shifted by, so that its sum may be negative
_MIDDLE = sum(_HALF << (32 * lane) for lane in range(len(NAMES) + 1))


class Scores(NamedTuple):
    """The scores of a message, in the order of `NAMES`: of the whole, and of the clause that has most of each."""

    whole: list[float]
    clause: list[float]


class ScoreCard:
    """The points, ready for adding up.

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
        self._base = tuple(base)
        self._pieces = tuple(pieces)
        self._points = tuple(
            _pack([*(point * weight for point in row), weight * weight])
            for weight, row in zip(weights, points, strict=True)
        )
        self._finder = ahocorasick.Automaton(ahocorasick.STORE_INTS)
        for number, piece in enumerate(pieces):
            self._finder.add_word(piece, number)
        self._finder.make_automaton()

    def scores(self, body: str) -> Scores:
        """Return the scores of a normalised text as a whole and of its best clause.

        A long notice says much that is no roll-call before it says 收到请回复.
        """
        whole = self._sum(body)
        if len(body) < LONG:
            return Scores(whole, whole)
        clauses = [part for part in _CLAUSE.split(body[:MOST]) if len(part) >= _SHORTEST]
        if len(clauses) < 2:
            return Scores(whole, whole)
        best = [max(column) for column in zip(*map(self._sum, clauses), strict=True)]
        return Scores(whole, best)

    def _sum(self, body: str) -> list[float]:
        total = sum(map(self._points.__getitem__, self._found(body)), _MIDDLE)
        *lanes, squares = _LANES.unpack(total.to_bytes(_LANES.size, "little"))
        if squares == _HALF:
            return list(self._base)
        factor = 1 / math.sqrt((squares - _HALF) * _SCALE)
        middle = _HALF * factor
        return [lane * factor + base - middle for lane, base in zip(lanes, self._base, strict=True)]

    def _found(self, body: str) -> set[int]:
        return set(map(_NUMBER, self._finder.iter(prepared(body))))

    def reasons(self, body: str, name: str, most: int = 3) -> tuple[str, ...]:
        """Return the pieces that speak most for a label, the strongest first; none inside another."""
        column = NAMES.index(name)
        points = {self._pieces[number]: self._point(number, column) for number in self._found(body)}
        chosen: list[str] = []
        for marked in sorted(points, key=lambda piece: (-points[piece], piece)):
            piece = marked.strip("^$")
            if points[marked] <= 0 or len(chosen) >= most:
                break
            if piece and not any(piece in other or other in piece for other in chosen):
                chosen.append(piece)
        return tuple(chosen)

    def _point(self, number: int, column: int) -> int:
        data = (self._points[number] + _MIDDLE).to_bytes(_LANES.size, "little")
        return int(_LANES.unpack(data)[column]) - _HALF


def _pack(values: Sequence[float]) -> int:
    return sum(round(value * _SCALE) << (32 * lane) for lane, value in enumerate(values))


def prepared(body: str) -> str:
    """Return a normalised text as pieces are taken from it: numbers alike, its ends marked."""
    return f"^{_DIGITS.sub('0', body[:MOST])}$"


def pieces_of(body: str) -> list[str]:
    """Return all pieces of a normalised text, as often as they occur."""
    text = prepared(body)
    pairs = [a + b for a, b in pairwise(text)]
    return [*text, *pairs, *(a + b for a, b in zip(pairs, text[2:], strict=False))]


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
        pieces.append(head.replace("\\n", "\n").replace("\\t", "\t").replace("\\s", " "))
        weights.append(values[0])
        points.append(values[1:])
    if len(base) != len(NAMES):
        msg = f"{name}：缺少 #base 行，或列数不对"
        raise RuleError(msg)
    return ScoreCard(pieces, weights, points, base)


def rows_of(text: str, name: str) -> Iterator[tuple[int, str, list[float]]]:
    """Yield the rows of a table of thousandths: line, head, values. Raises RuleError with file and line."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("# "):
            continue
        head, *cells = line.split("\t")
        try:
            yield number, head, [int(cell or 0) / _SCALE for cell in cells]
        except ValueError as error:
            msg = f"{name} 第{number}行：分数应为整数"
            raise RuleError(msg) from error


@cache
def load_scores() -> ScoreCard:
    """Read the score card that comes with the program."""
    name = "scores.tsv"
    data = resources.files("bot.classify").joinpath("data", name).read_text(encoding="utf-8")
    return parse(data, name)
