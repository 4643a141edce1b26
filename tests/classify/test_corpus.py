"""Floors under the scores on our own corpora: a change that loses ground is seen."""

import pytest

from bot.classify.classifier import Classifier
from bot.cli.evaluate import Scores, read_labelled, score
from bot.events import Label
from tests.classify.conftest import CORPUS, OWN_FILES


def _score(classifier: Classifier, name: str) -> Scores:
    path = CORPUS / f"messages_{name}.tsv"
    with path.open(encoding="utf-8", newline="\n") as lines:
        return score(read_labelled(lines, path.name), classifier)


FLOORS = {"township": 0.95, "village": 0.95, "school": 0.95, "health": 0.95, "own": 0.95}


@pytest.mark.parametrize("name", OWN_FILES)
def test_macro_f1_stays_above_its_floor(classifier: Classifier, name: str) -> None:
    assert _score(classifier, name).macro_f1 >= FLOORS[name]


@pytest.mark.parametrize("label", [Label.ACK, Label.ROLLCALL_DEMAND])
def test_what_suppression_acts_on_is_rarely_wrong(classifier: Classifier, label: Label) -> None:
    tallies = [_score(classifier, name).labels[label] for name in OWN_FILES]
    right = sum(tally.right for tally in tallies)
    wrong = sum(tally.wrong for tally in tallies)
    assert right / (right + wrong) >= 0.98


def test_emergencies_are_hardly_missed(classifier: Classifier) -> None:
    tallies = [_score(classifier, name).emergency for name in OWN_FILES]
    right = sum(tally.right for tally in tallies)
    missed = sum(tally.missed for tally in tallies)
    assert right / (right + missed) >= 0.95
