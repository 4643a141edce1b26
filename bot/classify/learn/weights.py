"""Weighs scores and rules against one another: a logistic regression per label, and its limit."""

from collections.abc import Mapping, Sequence

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
            weighed = _fit(name, inputs[known][~here], wanted[~here], names)
            apart[here] = _sums(weighed, inputs[known][here], _band(name))
        limit, line = _limit(name, apart, wanted)
        print(line)
        *own, base = _fit(name, inputs[known], wanted, names)
        weights[: inputs.shape[1], column] = own
        best = np.maximum(found[known, column], found[known, column + len(NAMES)])
        ends = base - limit, _band(name), np.quantile(best[apart > limit], RARE)
        weights[-len(ENDS) :, column] = ends
    heads = (*HEADS, *(RULE + name for name in names), *ENDS)
    return dict(zip(heads, weights, strict=True))


def _fit(name: str, inputs: Matrix, wanted: npt.NDArray[np.bool_], rules: Sequence[str]) -> Matrix:
    """Return the weights of the inputs for one label, and last what its sum begins with."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 (an extra)

    machine = LogisticRegression(C=1.0, max_iter=3000).fit(inputs, wanted)
    weights: Matrix = np.append(machine.coef_[0], machine.intercept_[0])
    for rule, (label, weight) in SURE.items():
        if label == name:
            weights[len(HEADS) + rules.index(rule)] = weight
    return weights


def _band(name: str) -> float:
    return SURE_BAND if any(label == name for label, _ in SURE.values()) else BAND


def _sums(weights: Matrix, inputs: Matrix, band: float) -> Matrix:
    """Return the sums as the program reckons them: the rules, the last inputs, are asked only near 0."""
    by_scores = inputs[:, : len(HEADS)] @ weights[: len(HEADS)] + weights[-1]
    by_rules = inputs[:, len(HEADS) :] @ weights[len(HEADS) : -1]
    sums: Matrix = np.where(np.abs(by_scores) < band, by_scores + by_rules, by_scores)
    return sums


def _limit(name: str, sums: Matrix, wanted: npt.NDArray[np.bool_]) -> tuple[float, str]:
    """Return the limit around which F1 is best, precise enough where that is asked, and a line that tells it."""
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
