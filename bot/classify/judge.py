"""What the scores of a message mean beside one another: 照片已报 scores for photos, material and supply at once.

A judge weighs, for every label, all scores of the score card, which of them is first, and what the rules say.
Its weights are data (`data/judge.tsv`), made by `bot.classify.learn` on messages that neither the score card
nor the rules were made with. Most messages are clear from the scores; only where a label is near its limit do
the rules decide, so only then are they asked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from operator import mul
from typing import NamedTuple

import numpy as np

from bot.classify.scores import EMERGENCY, NAMES, ScoreCard, Scores, load_scores, rows_of
from bot.errors import RuleError

KNEES = {"near": -0.4, "high": 0.0}  # scores from which a score counts once more
GROUPS = ("score", "clause", *KNEES, "first")  # what is weighed of each name
HEADS = tuple(f"{group}:{name}" for group in GROUPS for name in NAMES)
RULE = "rule:"  # what is weighed of each rule
ENDS = ("base", "band", "floor")  # what each sum begins with, and its limits
_FILE = "judge.tsv"


class Opinion(NamedTuple):
    """What a message's scores say: places in `NAMES` that are given, and those that only the rules decide."""

    given: tuple[int, ...]
    open: tuple[tuple[int, float], ...]  # place, and its sum without the rules


NOTHING = Opinion((), ())


class Judge:
    """The weights: `weights[head]` has one for every label, in the order of `NAMES`.

    A label is given when its sum is above 0. `band` says how near to 0 a sum is open to the rules, and `floor`
    is the score below which a label is out of the question. `matrix` has the weights of the scores, a row a head.
    """

    def __init__(self, weights: Mapping[str, Sequence[float]]) -> None:
        columns = range(len(NAMES))
        self.matrix = np.array([weights[head] for head in HEADS])
        self.base = tuple(weights["base"])
        self.band = tuple(weights["band"])
        self.floor = tuple(weights["floor"])
        self._rules = {
            head.removeprefix(RULE): tuple(row) for head, row in weights.items() if head.startswith(RULE)
        }
        self._of: dict[str, list[tuple[float, ...]]] = {
            group: [tuple(weights[f"{group}:{name}"][column] for name in NAMES) for column in columns]
            for group in GROUPS
        }

    def opinion(self, scores: Scores) -> Opinion:
        """Judge by the scores alone."""
        whole, clause = scores
        best = whole if clause is whole else list(map(max, whole, clause))
        likely = [
            place for place, (score, low) in enumerate(zip(best, self.floor, strict=True)) if score > low
        ]
        if not likely:
            return NOTHING
        bent = [
            (group, place, score - knee)
            for group, knee in KNEES.items()
            for place, score in enumerate(whole)
            if score > knee
        ]
        first = first_of(whole)
        given: list[int] = []
        unsure: list[tuple[int, float]] = []
        for column in likely:
            total = self.base[column] + self._of["first"][column][first]
            total += sum(map(mul, self._of["score"][column], whole))
            total += sum(map(mul, self._of["clause"][column], clause))
            for group, place, value in bent:
                total += self._of[group][column][place] * value
            if abs(total) < self.band[column]:
                unsure.append((column, total))
            elif total > 0:
                given.append(column)
        return Opinion(tuple(given), tuple(unsure))

    def with_rules(self, opinion: Opinion, fired: Iterable[str]) -> list[int]:
        """Return the places that are given when the rules with these ids fired."""
        rows = [self._rules[name] for name in fired if name in self._rules]
        more = [column for column, total in opinion.open if total + sum(row[column] for row in rows) > 0]
        return sorted([*opinion.given, *more])


def first_of(scores: Sequence[float]) -> int:
    """Return the place of the label that scores most; the flag for emergencies is none."""
    labels = scores[: NAMES.index(EMERGENCY)]
    return labels.index(max(labels))


def parse(text: str, name: str) -> Judge:
    """Read the weights. Raises RuleError with file and line."""
    weights: dict[str, list[float]] = {}
    for number, head, values in rows_of(text, name):
        what = head.removeprefix("#")
        if not (what in HEADS or what in ENDS or what.startswith(RULE)) or len(values) != len(NAMES):
            msg = f"{name} 第{number}行：{head} 不认识，或不是 {len(NAMES)} 个数"
            raise RuleError(msg)
        weights[what] = values
    missing = [head for head in (*HEADS, *ENDS) if head not in weights]
    if missing:
        msg = f"{name}：缺少 {'、'.join(missing[:5])} 行"
        raise RuleError(msg)
    return Judge(weights)


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learnt from labelled messages."""

    card: ScoreCard
    judge: Judge


@cache
def load_learned() -> Learned:
    """Read what comes with the program."""
    data = resources.files("bot.classify").joinpath("data", _FILE).read_text(encoding="utf-8")
    return Learned(load_scores(), parse(data, _FILE))
