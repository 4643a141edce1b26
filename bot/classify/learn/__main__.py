"""Run again whenever rules or corpus change.

    python -m bot.classify.learn tests/corpus/messages_*.tsv --tune FILE … [--out FOLDER]

Needs scikit-learn (`pip install jianfu[learn]`). The points are counted from all files. The judge learns from the
files under `--tune`, each scored by a card that it was not counted from (a fold of the files is left out in
turn): name those that the rules were not written with. Prints what the judge reaches on them, label by label.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bot.classify.classifier import Classifier
from bot.classify.learn.corpus import Corpus, read
from bot.classify.learn.points import Matrix, Points, count, scored
from bot.classify.learn.weights import Weights, weigh
from bot.classify.loader import load_rules
from bot.classify.rules import RuleSet
from bot.classify.scores import NAMES
from bot.classify.tokenizer import make_tokenizer

FOLDS = 6


def main() -> None:
    """Read, count, weigh, write."""
    parser = argparse.ArgumentParser(description="Count the points of the score card, weigh the judge.")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--tune", nargs="+", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "data")
    given = parser.parse_args()
    corpora = [read(path) for path in given.files]
    tune = [read(path) for path in given.tune]
    scores = [np.empty(0)] * len(tune)
    for fold in range(min(FOLDS, len(tune))):
        left_out = range(fold, len(tune), FOLDS)
        names = {tune[place].name for place in left_out}
        points = count([corpus for corpus in corpora if corpus.name not in names])
        for place in left_out:
            scores[place] = scored(points, tune[place].texts)
    rules = load_rules()
    ids = sorted(rule.id for rule in rules.rules)
    weights = weigh(scores, by_rules(tune, rules, ids), [corpus.right for corpus in tune], ids)
    write_judge(weights, given.out / "judge.tsv")
    write_card(count(corpora), given.out / "scores.tsv")


def by_rules(corpora: Sequence[Corpus], rules: RuleSet, names: Sequence[str]) -> list[Matrix]:
    """Return for each corpus which rules fire: a row a message, a column a rule."""
    with tempfile.TemporaryDirectory() as folder:
        classifier = Classifier(rules, make_tokenizer("auto", rules.words, Path(folder)), learned=None)
        fired = [
            [{hit.rule_id for hit in classifier.classify(text).hits} for text in corpus.texts]
            for corpus in corpora
        ]
    return [np.array([[name in ids for name in names] for ids in rows], float) for rows in fired]


def _line(head: str, values: Sequence[float]) -> str:
    return "\t".join([head, *(str(round(value * 1000)) for value in values)])


def write_card(points: Points, path: Path) -> None:
    """Write a score card."""
    lines = [
        "# Points of pieces of text for every label, in thousandths; made by bot/classify/learn.",
        f"# Columns: piece, weight, {', '.join(NAMES)}.",
        "# `^` and `$` are the ends of a message, 0 stands for any number; 问# 我# 否# 已# stand before pieces of clauses",
        "# that ask, speak of oneself, deny, or tell of what is done.",
        _line("#base", list(points.base)),
    ]
    for number, piece in enumerate(points.pieces):
        head = piece.replace("\n", "\\n").replace("\t", "\\t").replace(" ", "\\s")
        lines.append(_line(head, [points.weights[number], *points.points[:, number]]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_judge(weights: Weights, path: Path) -> None:
    """Write the judge's weights."""
    lines = [
        "# What scores and rules mean beside one another, in thousandths; made by bot/classify/learn.",
        f"# Columns: what is weighed, {', '.join(NAMES)}. A label is given when its sum is above 0.",
        "# score:x the score of x, clause:x that of its best clause; near:x, high:x what of it is above -0.4, above 0;",
        "# first:x when x scores most; rule:x when the rule x fires; #base what each sum begins with;",
        "# #band how near to 0 the rules are asked; #floor the score below which a label is out of the question.",
    ]
    lines += [_line(head if ":" in head else f"#{head}", list(row)) for head, row in weights.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
