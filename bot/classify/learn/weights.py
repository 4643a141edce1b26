"""Weighs scores and rules against one another: a logistic regression per label, and its limit."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.classify.bulk import looked_at
from bot.classify.judge import ENDS, HEADS, RULE
from bot.classify.learn.points import Matrix
from bot.classify.scores import EMERGENCY, NAMES

Weights = Mapping[str, Matrix]

FOLDS = 6
CARE = 2.0  # how much worse a missed emergency is than a needless one: F-beta instead of F1
PRECISE = {"ack": 0.99, "rollcall_demand": 0.99}  # suppression acts on these
COST = 1.2  # what a missing point of that precision costs, in points of F1
SMOOTH = 5  # limits to each side, of 0.05, that are looked at with a limit
BAND = 1.0  # how near to 0 a sum must be for the rules to be asked
# Notices of any length end in 收到请回复, which our corpora have mostly by itself: what this rule finds is a roll-call
# whatever stands before it (right in 96 of 100), so it is asked far from the limit too and weighs more than the rest.
SURE = {"rollcall.seen_reply": ("rollcall_demand", 4.5)}
SURE_BAND = 2.0
RARE = 0.003  # the share of given labels that may lie below the floor


def weigh(
    scores: Sequence[Matrix],
    rules: Sequence[Matrix],
    right: Sequence[npt.NDArray[np.int8]],
    names: Sequence[str],
) -> Weights:
    """Return the weights under their heads, learnt from files: scores, which rules fire, and what is right.

    `names` are the ids of the rules, in the order of their columns.
    """
    files = np.concatenate([np.full(len(part), number) for number, part in enumerate(scores)])
    found = np.concatenate(scores)
    said = np.concatenate(rules)
    truth = np.concatenate(right)
    inputs = np.hstack([looked_at(*np.hsplit(found, 2)), said])
    weights = np.zeros((inputs.shape[1] + len(ENDS), len(NAMES)))
    for column, name in enumerate(NAMES):
        known = truth[:, column] >= 0
        wanted = truth[known, column] == 1
        apart = np.empty(known.sum())
        for fold in range(FOLDS):
            here = files[known] % FOLDS == fold
            machine = _fit(inputs[known][~here], wanted[~here])
            apart[here] = _sums(machine, inputs[known][here], len(names))
        limit, line = _limit(name, apart, wanted)
        print(line)
        machine = _fit(inputs[known], wanted)
        weights[: inputs.shape[1], column] = machine.coef_[0]
        base = machine.intercept_[0] - limit
        best = np.maximum(found[known, column], found[known, column + len(NAMES)])
        weights[-len(ENDS) :, column] = base, BAND, np.quantile(best[apart > limit], RARE)
    heads = (*HEADS, *(RULE + name for name in names), *ENDS)
    table = dict(zip(heads, weights, strict=True))
    for rule, (label, weight) in SURE.items():
        column = NAMES.index(label)
        table[RULE + rule][column] = weight
        table["band"][column] = SURE_BAND
    return table


def _fit(inputs: Matrix, wanted: npt.NDArray[np.bool_]) -> Any:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 (an extra)

    return LogisticRegression(C=1.0, max_iter=3000).fit(inputs, wanted)


def _sums(machine: Any, inputs: Matrix, rules: int) -> Matrix:
    """Return the sums as the program reckons them: the rules (the last columns) are asked only near 0."""
    plain = inputs.copy()
    plain[:, -rules:] = 0
    without: Matrix = machine.decision_function(plain)
    sums: Matrix = np.where(np.abs(without) < BAND, machine.decision_function(inputs), without)
    return sums


def _limit(name: str, sums: Matrix, wanted: npt.NDArray[np.bool_]) -> tuple[float, str]:
    """Return the limit with the best F1, precise enough where that is asked, and a line that tells it."""
    beta2 = CARE**2 if name == EMERGENCY else 1.0
    limits = np.arange(-2.5, 2.51, 0.05)
    worths, lines = [], []
    for limit in limits:
        given = sums > limit
        hits = float((given & wanted).sum())
        precision = hits / max(given.sum(), 1)
        recall = hits / max(wanted.sum(), 1)
        f = (1 + beta2) * hits / max(given.sum() + beta2 * wanted.sum(), 1)
        worths.append(f - COST * max(PRECISE.get(name, 0.0) - precision, 0.0))
        lines.append(f"{name:18} F {f:.3f} precision {precision:.3f} recall {recall:.3f} limit {limit:5.2f}")
    around = np.convolve(np.pad(worths, SMOOTH, mode="edge"), np.ones(2 * SMOOTH + 1), mode="valid")
    best = int(around.argmax())  # where its neighbours are good too: one message more or less moves it little
    return float(limits[best]), lines[best]
