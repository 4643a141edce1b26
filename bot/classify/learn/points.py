"""Counts the points of the score card: a linear support vector machine per label over pieces of text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.classify.bulk import BulkCard
from bot.classify.learn.corpus import Corpus
from bot.classify.scores import NAMES, ScoreCard, pieces_of

Matrix = npt.NDArray[np.float64]

PIECES = 50_000
CAUTION = 0.4  # of the support vector machines (C): less trusts single messages less


@dataclass(frozen=True, slots=True)
class Points:
    """What was counted: pieces with weight and points, and the points everybody starts from."""

    pieces: tuple[str, ...]
    weights: Matrix
    points: Matrix
    base: Matrix


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
    from joblib import Parallel, delayed  # noqa: PLC0415

    one = delayed(_fit_one)
    columns = Parallel(n_jobs=-1)(one(found, right[:, column], heavy) for column in range(len(NAMES)))
    return np.array([points for points, _ in columns]), np.array([base for _, base in columns])


def _fit_one(found: Any, right: npt.NDArray[np.int8], heavy: Matrix) -> tuple[Matrix, float]:
    from sklearn.svm import LinearSVC  # noqa: PLC0415

    known = right >= 0
    machine = LinearSVC(C=CAUTION, class_weight="balanced", random_state=0)
    machine.fit(found[known], right[known], sample_weight=heavy[known])
    return machine.coef_[0], machine.intercept_[0]


def scored(points: Points, texts: Sequence[str]) -> Matrix:
    """Return the scores of texts: a row a text; a column a name for the whole, then one for the best clause."""
    card = ScoreCard(points.pieces, list(points.weights), points.points.T.tolist(), list(points.base))
    return np.hstack(BulkCard(card).scores(texts))
