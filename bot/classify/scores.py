"""Weighted pieces of text: what rules do not reach, judged by many small hints that were counted in our corpus.

A piece is one to three neighbouring characters. Each has points for and against every label; a message's score
for a label is the sum over its pieces. The points are data (`data/scores.tsv`), made by `bot.classify.learn`
from the labelled messages under tests/corpus, and can be read and changed like the rules.
"""

import math
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt

from bot.errors import RuleError
from bot.events import Label

EMERGENCY = "emergency"
NAMES = (*(label.value for label in Label), EMERGENCY)
LONGEST = 3  # characters of a piece
MOST = 1500  # characters of a message that are looked at
_DIGITS = re.compile(r"\d+")
_SCALE = 1000.0


@dataclass(frozen=True, slots=True)
class Limits:
    """From which score on a label is given: by itself, and where a rule gives it too."""

    alone: float
    with_rule: float


class ScoreCard:
    """The points, ready for adding up."""

    def __init__(
        self,
        pieces: dict[str, int],
        points: npt.NDArray[np.float32],
        weights: npt.NDArray[np.float32],
        base: npt.NDArray[np.float32],
        limits: tuple[Limits, ...],
    ) -> None:
        self._pieces = pieces
        self._points = points
        self._weights = weights
        self._base = base
        self.limits = dict(zip(NAMES, limits, strict=True))

    def scores(self, body: str) -> dict[str, float]:
        """Return the score of a normalised text for every label and for `emergency`."""
        found = self._found(body)
        if not found:
            return dict(zip(NAMES, self._base.tolist(), strict=True))
        numbers = np.fromiter(found.keys(), np.intp, len(found))
        amounts = 1.0 + np.log(np.fromiter(found.values(), np.float32, len(found)))
        amounts *= self._weights[numbers]
        amounts /= math.sqrt(float(amounts @ amounts))
        return dict(zip(NAMES, (amounts @ self._points[numbers] + self._base).tolist(), strict=True))

    def reasons(self, body: str, name: str, most: int = 3) -> tuple[str, ...]:
        """Return the pieces that speak most for a label, the strongest first; none inside another."""
        column = NAMES.index(name)
        found = self._found(body)
        words = {number: piece for piece, number in self._pieces.items() if number in found}
        ranked = sorted(words, key=lambda n: -float(self._points[n, column] * self._weights[n]))
        chosen: list[str] = []
        for number in ranked:
            piece = words[number].strip("^$")
            if self._points[number, column] <= 0 or len(chosen) >= most:
                break
            if piece and not any(piece in other or other in piece for other in chosen):
                chosen.append(piece)
        return tuple(chosen)

    def _found(self, body: str) -> dict[int, int]:
        text = prepared(body)
        known = self._pieces
        found: dict[int, int] = {}
        for length in range(1, LONGEST + 1):
            for start in range(len(text) - length + 1):
                number = known.get(text[start : start + length])
                if number is not None:
                    found[number] = found.get(number, 0) + 1
        return found


def prepared(body: str) -> str:
    """Return a normalised text as pieces are taken from it: numbers alike, its ends marked."""
    return f"^{_DIGITS.sub('0', body[:MOST])}$"


def pieces_of(body: str) -> list[str]:
    """Return all pieces of a normalised text, as often as they occur."""
    text = prepared(body)
    return [text[i : i + n] for n in range(1, LONGEST + 1) for i in range(len(text) - n + 1)]


def parse(text: str, name: str) -> ScoreCard:
    """Read a score card. Raises RuleError with file and line."""
    pieces: dict[str, int] = {}
    points: list[list[float]] = []
    weights: list[float] = []
    heads: dict[str, list[float]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("# "):
            continue
        head, *cells = line.split("\t")
        try:
            values = [int(cell or 0) / _SCALE for cell in cells]
        except ValueError as error:
            msg = f"{name} 第{number}行：分数应为整数"
            raise RuleError(msg) from error
        if head.startswith("#"):
            heads[head[1:]] = values
        else:
            if len(values) != len(NAMES) + 1:
                msg = f"{name} 第{number}行：应有 {len(NAMES) + 1} 个分数，实有 {len(values)} 个"
                raise RuleError(msg)
            pieces[head.replace("\\n", "\n").replace("\\t", "\t").replace("\\s", " ")] = len(points)
            weights.append(values[0])
            points.append(values[1:])
    missing = [head for head in ("base", "alone", "with_rule") if len(heads.get(head, ())) != len(NAMES)]
    if missing:
        msg = f"{name}：缺少 {'、'.join('#' + head for head in missing)} 行，或列数不对"
        raise RuleError(msg)
    limits = tuple(Limits(a, w) for a, w in zip(heads["alone"], heads["with_rule"], strict=True))
    return ScoreCard(
        pieces,
        np.array(points, np.float32).reshape(len(points), len(NAMES)),
        np.array(weights, np.float32),
        np.array(heads["base"], np.float32),
        limits,
    )


@cache
def load_scores() -> ScoreCard:
    """Read the score card that comes with the program."""
    name = "scores.tsv"
    data = resources.files("bot.classify").joinpath("data", name).read_text(encoding="utf-8")
    return parse(data, name)
