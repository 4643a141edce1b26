"""Counts the points of the score card from labelled messages; run again whenever rules or corpus change.

    python -m bot.classify.learn tests/corpus/messages_*.tsv [--tune FILE …] [--out PATH]

Needs scikit-learn (`pip install jianfu[learn]`). Points: one linear support vector machine per label over
pieces of one to three characters. Limits: the pair that gives the best F1 together with the rules, on files
that the points were not counted from (each of `--tune` is left out in turn); name files there that the rules
were not written with.
"""

import argparse
import csv
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.classify.classifier import Classifier
from bot.classify.loader import load_rules
from bot.classify.normalise import normalise
from bot.classify.quotes import split_quote
from bot.classify.scores import EMERGENCY, NAMES, pieces_of
from bot.classify.tokenizer import make_tokenizer

Matrix = npt.NDArray[np.float64]

PIECES = 20_000
ONCE_WRONG = "messages_wrong.tsv"
HEAVY = 4.0
CARE = 3.0  # how much worse a missed emergency is than a needless one: F-beta instead of F1
STRICT = {
    "ack": 1.0,
    "rollcall_demand": 1.0,
}  # what a missing point of precision costs: suppression acts on these
ALONE = (0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 9.0)
WITH_RULE = (-9.0, -0.9, -0.7, -0.5, -0.4, -0.3, -0.2, -0.1, 0.0)


@dataclass(frozen=True, slots=True)
class Corpus:
    """A file of labelled messages: its texts, and which names are right (emergency may be unknown: -1)."""

    name: str
    texts: tuple[str, ...]
    right: npt.NDArray[np.int8]

    @property
    def heavy(self) -> float:
        """How much each message counts: what was once wrong must not be wrong again."""
        return HEAVY if self.name == ONCE_WRONG else 1.0


@dataclass(frozen=True, slots=True)
class Points:
    """What was counted: pieces with weight and points, and the points everybody starts from."""

    pieces: tuple[str, ...]
    weights: Matrix
    points: Matrix
    base: Matrix


def read(path: Path) -> Corpus:
    """Read a file with the columns text, labels and perhaps emergency."""
    texts, right = [], []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            text = row["text"].replace("\\n", "\n")
            labels = set(row["labels"].split(";"))
            flag = row.get("emergency")
            texts.append(normalise(split_quote(text)[1]))
            right.append([int(name in labels) for name in NAMES[:-1]] + [int(flag) if flag else -1])
    return Corpus(path.name, tuple(texts), np.array(right, np.int8))


def count(corpora: Sequence[Corpus]) -> Points:
    """Count the points from some files."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 (an extra: only who learns has it)

    texts = [text for corpus in corpora for text in corpus.texts]
    right = np.concatenate([corpus.right for corpus in corpora])
    heavy = np.concatenate([np.full(len(corpus.texts), corpus.heavy) for corpus in corpora])
    first = TfidfVectorizer(analyzer=pieces_of, binary=True, min_df=2)
    rough, _ = _fit(first.fit_transform(texts), right, heavy)
    order = np.argsort(-np.abs(rough).max(axis=0))[:PIECES]
    chosen = sorted(first.get_feature_names_out()[order])
    second = TfidfVectorizer(analyzer=pieces_of, binary=True, vocabulary=chosen)
    points, base = _fit(second.fit_transform(texts), right, heavy)
    return Points(tuple(chosen), second.idf_, points, base)


def _fit(found: Any, right: npt.NDArray[np.int8], heavy: Matrix) -> tuple[Matrix, Matrix]:
    from sklearn.svm import LinearSVC  # noqa: PLC0415

    points, base = [], []
    for column in range(len(NAMES)):
        known = right[:, column] >= 0
        machine = LinearSVC(C=0.5, class_weight="balanced", random_state=0)
        machine.fit(found[known], right[known, column], sample_weight=heavy[known])
        points.append(machine.coef_[0])
        base.append(machine.intercept_[0])
    return np.array(points), np.array(base)


def scored(points: Points, texts: Sequence[str]) -> Matrix:
    """Return the scores of texts."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415

    vectors = TfidfVectorizer(analyzer=pieces_of, binary=True, vocabulary=points.pieces)
    vectors.idf_ = points.weights
    return np.asarray(vectors.transform(texts) @ points.points.T + points.base)


def limits(
    scores: Matrix, by_rules: npt.NDArray[np.int8], right: npt.NDArray[np.int8]
) -> list[tuple[float, float]]:
    """Return for each name the pair of limits with the best F1, precise enough where that is asked."""
    chosen = []
    for column, name in enumerate(NAMES):
        known = right[:, column] >= 0
        truth, rule, score = right[known, column] == 1, by_rules[known, column] == 1, scores[known, column]
        best = (-1.0, 9.0, -9.0, 0.0)
        for alone, with_rule in product(ALONE, WITH_RULE):
            given = (score > alone) | (rule & (score > with_rule))
            hits = float((given & truth).sum())
            beta2 = CARE**2 if name == EMERGENCY else 1.0
            precision = hits / max(given.sum(), 1)
            f1 = (1 + beta2) * hits / max(given.sum() + beta2 * truth.sum(), 1)
            worth = f1 - STRICT.get(name, 0.0) * max(0.99 - precision, 0.0)
            best = max(best, (worth, alone, with_rule, precision))
        chosen.append((best[1], best[2]))
        print(
            f"{name:18} worth {best[0]:.3f} precision {best[3]:.3f} alone {best[1]:4.1f} with rule {best[2]:4.1f}"
        )
    return chosen


def write(points: Points, pairs: Sequence[tuple[float, float]], path: Path) -> None:
    """Write a score card."""

    def line(head: str, values: Sequence[float]) -> str:
        return "\t".join([head, *(str(round(value * 1000)) for value in values)])

    lines = [
        "# Points of pieces of text for every label, in thousandths; made by bot/classify/learn.py.",
        f"# Columns: piece, weight, {', '.join(NAMES)}.",
        "# `^` and `$` are the ends of a message, 0 stands for any number. #alone and #with_rule: the limits.",
        line("#base", list(points.base)),
        line("#alone", [pair[0] for pair in pairs]),
        line("#with_rule", [pair[1] for pair in pairs]),
    ]
    for number, piece in enumerate(points.pieces):
        head = piece.replace("\n", "\\n").replace("\t", "\\t").replace(" ", "\\s")
        lines.append(line(head, [points.weights[number], *points.points[:, number]]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Read, count, tune, write."""
    parser = argparse.ArgumentParser(description="Count the points of the score card.")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--tune", nargs="*", type=Path, default=[])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "data" / "scores.tsv")
    given = parser.parse_args()
    corpora = [read(path) for path in given.files]
    rules = load_rules()
    with tempfile.TemporaryDirectory() as folder:
        by_rules = Classifier(rules, make_tokenizer("auto", rules.words, Path(folder)), scores=None)
        held = [read(path) for path in given.tune]
        scores, rule_says = [], []
        for corpus in held:
            scores.append(scored(count([c for c in corpora if c.name != corpus.name]), corpus.texts))
            rule_says.append(np.array([_names(by_rules, text) for text in corpus.texts], np.int8))
    right = np.concatenate([corpus.right for corpus in held])
    pairs = limits(np.concatenate(scores), np.concatenate(rule_says), right)
    write(count(corpora), pairs, given.out)


def _names(classifier: Classifier, text: str) -> list[int]:
    found = classifier.classify(text)
    labels = {label.value for label in found.labels}
    return [int(name in labels) for name in NAMES[:-1]] + [int(found.emergency)]


if __name__ == "__main__":
    main()
