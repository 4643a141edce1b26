"""Weighs observations: points for one matter or against it, added up.

The points are data (`evidence.tsv`), made by `bot.notices.learn` from pairs that people judged. A row asks two
questions: of one observation, then of another, which one depending on the first answer; a word exchanged means
little in a long rewording and much in a copy.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from bot.errors import RuleError
from bot.notices.evidence import Evidence

_FILE = "evidence.tsv"
Question = tuple[str, float, float, float]  # observation, up to which value, points up to it, points above


@dataclass(frozen=True, slots=True)
class Branching:
    """A first question, and what is asked when the observation is up to its limit, or above it."""

    what: str
    limit: float
    below: Question
    above: Question


class Scale:
    """The points of all rows."""

    def __init__(self, base: float, rows: Iterable[Branching]) -> None:
        self._base = base
        self._rows = tuple((row.what, row.limit, row.below, row.above) for row in rows)

    @property
    def names(self) -> set[str]:
        """The observations that are asked for."""
        return {name for what, _, below, above in self._rows for name in (what, below[0], above[0])}

    def weigh(self, seen: Evidence) -> float:
        """Return the sum of the points: above 0 the two texts are of one matter."""
        total = self._base
        for what, limit, below, above in self._rows:
            second, bound, low, high = below if seen[what] <= limit else above
            total += low if seen[second] <= bound else high
        return total


def likelihood(sum_of_points: float) -> float:
    """Return a sum of points as a share between 0 and 1; 0.5 is the limit."""
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, sum_of_points))))


def parse(lines: Iterable[str], name: str) -> Scale:
    """Read the base and the rows. Raises RuleError with file and line."""
    base: float | None = None
    rows: list[Branching] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = line.rstrip("\n").split("\t")
        try:
            if cells[0] == "base" and len(cells) == 2:
                base = float(cells[1])
                continue
            rows.append(Branching(cells[0], float(cells[1]), _question(cells[2:6]), _question(cells[6:])))
        except (ValueError, IndexError) as error:
            msg = f"{name} 第{number}行：应为 base 和分数，或 观察、上限，再两次 观察、上限、分数、分数，共 10 格"
            raise RuleError(msg) from error
    if base is None:
        msg = f"{name}：缺少 base 行"
        raise RuleError(msg)
    return Scale(base, rows)


def _question(cells: list[str]) -> Question:
    what, limit, low, high = cells
    return what, float(limit), float(low), float(high)


@cache
def load_scale() -> Scale:
    """Read the points that come with the program."""
    text = (files(__package__) / _FILE).read_text("utf-8")
    return parse(text.splitlines(), _FILE)
