"""Many messages at once get what each gets by itself."""

import random

import numpy as np
import pytest

from bot.classify.bulk import BulkCard
from bot.classify.classifier import Asked, Classifier
from bot.classify.judge import load_learned
from bot.classify.normalise import normalise
from bot.classify.scores import ScoreCard, Scores
from bot.errors import RuleError
from bot.events import Label, MessageKind
from tests.classify.conftest import all_texts

LETTERS = "收到请回复报表照片呢吗不用了已我们前交，。！？；\n 0129abcABC①㈱🙏👌[]「」@#^$"


@pytest.fixture(scope="module")
def random_texts() -> list[str]:
    rng = random.Random(5)
    letters = sorted(set("".join(all_texts()))) + list(LETTERS) * 40
    return ["".join(rng.choices(letters, k=rng.randint(0, 40))) for _ in range(20_000)]


@pytest.mark.parametrize("kind", [MessageKind.TEXT, MessageKind.FILE])
def test_all_our_messages_get_the_same_one_by_one_and_at_once(
    classifier: Classifier, kind: MessageKind
) -> None:
    asked = [Asked(text, kind) for text in all_texts()]
    at_once = classifier.classify_many(asked)
    for message, found in zip(asked, at_once, strict=True):
        assert found == classifier.classify(*message), message


def test_explanations_have_the_same_labels(classifier: Classifier) -> None:
    asked = [Asked(text) for text in all_texts()[::7]]
    for message, found in zip(asked, classifier.classify_many(asked), strict=True):
        explained = classifier.explain(message.text)
        assert (explained.labels, explained.emergency) == (found.labels, found.emergency), message


def test_random_strings_get_the_same(classifier: Classifier, random_texts: list[str]) -> None:
    at_once = classifier.classify_many(map(Asked, random_texts))
    for text, found in zip(random_texts, at_once, strict=True):
        assert found == classifier.classify(text), repr(text)


def test_the_sums_are_the_same_to_the_last_bit(random_texts: list[str]) -> None:
    card = load_learned().card
    bodies = [normalise(text) for text in random_texts]
    whole, clause = BulkCard(card).scores(bodies)
    one_by_one = [card.scores(body) for body in bodies]
    assert np.array_equal(whole, [scores.whole for scores in one_by_one])
    assert np.array_equal(clause, [scores.clause for scores in one_by_one])


def test_nothing_asked_is_nothing_answered(classifier: Classifier) -> None:
    assert classifier.classify_many([]) == []
    assert classifier.classify_many([Asked("")]) == [classifier.classify("")]


def test_quotes_file_names_and_corrections_count_as_for_one(classifier: Classifier) -> None:
    corrected = classifier.with_corrections({"明天赶集": frozenset({Label.NOTICE})})
    asked = [
        Asked("好的", quote="请把照片发来"),
        Asked("「请把照片发来」\n- - - - - -\n好的"),
        Asked("", MessageKind.FILE, file_name="低保名册.xlsx"),
        Asked("明天赶集"),
        Asked("明天赶集。"),
        Asked("[图片]", MessageKind.IMAGE),
    ]
    found = corrected.classify_many(asked)
    assert found == [corrected.classify(*message) for message in asked]
    assert [sorted(labels) for labels in (found[0].labels, found[3].labels)] == [["ack"], ["notice"]]


def test_a_text_without_known_pieces_says_what_everybody_starts_from() -> None:
    base = [number / 10 for number in range(15)]
    card = ScoreCard(["收到"], [1.0], [[1.0] * 15], base)
    assert card.scores("明天交,好吗?") == Scores(base, base)
    assert BulkCard(card).scores(["明天交,好吗?", ""])[0].tolist() == [base, base]


def test_pieces_count_otherwise_in_a_clause_that_asks() -> None:
    row = [1.0] + [0.0] * 14
    card = ScoreCard(["问#照片"], [1.0], [row], [0.0] * 15)
    assert [card.scores(text).whole[0] > 0 for text in ("照片呢", "发照片", "发照片,谁来")] == [
        True,
        False,
        False,
    ]


def test_too_many_rows_are_refused() -> None:
    many = 1 << 17
    card = ScoreCard(["收"] * (many + 1), [1.0] * (many + 1), [[0.0] * 15] * (many + 1), [0.0] * 15)
    with pytest.raises(RuleError, match="131073 行，最多 131072 行"):
        BulkCard(card)
