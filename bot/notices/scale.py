"""Weighs observations: points for one matter or against it, added up.

The points are data (`evidence.tsv`), made by `bot.notices.learn` from pairs that people judged. For each
observation there is a row of steps: up to a value, so many points.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from bot.errors import RuleError
from bot.notices.evidence import Evidence

_FILE = "evidence.tsv"
Steps = tuple[
    tuple[float, ...], tuple[float, ...]
]  # values, and the points up to each; one more for all above


class Scale:
    """The points of every observation."""

    def __init__(self, base: float, steps: Mapping[str, Steps]) -> None:
        self._base = base
        self._steps = dict(steps)

    def weigh(self, seen: Evidence) -> float:
        """Return the sum of the points: above 0 the two texts are of one matter."""
        return self._base + sum(
            points[bisect_left(limits, seen[name])] for name, (limits, points) in self._steps.items()
        )


def likelihood(sum_of_points: float) -> float:
    """Return a sum of points as a share between 0 and 1; 0.5 is the limit."""
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, sum_of_points))))


def parse(lines: Iterable[str], name: str) -> Scale:
    """Read rows of observation, upper value ("" for above all before), points. Raises RuleError with file and line."""
    base = 0.0
    steps: dict[str, tuple[list[float], list[float]]] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            what, limit, points = line.rstrip("\n").split("\t")
            if what == "base":
                base = float(points)
                continue
            limits, values = steps.setdefault(what, ([], []))
            values.append(float(points))
            if limit:
                limits.append(float(limit))
        except ValueError as error:
            msg = f"{name} 第{number}行：应为 观察<TAB>上限<TAB>分数"
            raise RuleError(msg) from error
    for what, (limits, values) in steps.items():
        if len(values) != len(limits) + 1 or limits != sorted(limits):
            msg = f"{name}：{what} 的上限应从小到大，最后一行不写上限"
            raise RuleError(msg)
    return Scale(base, {what: (tuple(limits), tuple(values)) for what, (limits, values) in steps.items()})


@cache
def load_scale() -> Scale:
    """Read the points that come with the program."""
    text = (files(__package__) / _FILE).read_text("utf-8")
    return parse(text.splitlines(), _FILE)
