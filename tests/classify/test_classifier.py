"""Kinds, quotes, explanations, corrections, and texts that nobody should send."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.classify.classifier import Classifier, correction_key
from bot.classify.normalise import normalise
from bot.classify.quotes import split_quote
from bot.events import Label, MessageKind
from tests.classify.conftest import CORPUS

MESSAGES = [
    line.split("\t")[0].replace("\\n", "\n")
    for line in (CORPUS / "messages_own.tsv").read_text(encoding="utf-8").splitlines()[1:]
]


@pytest.mark.parametrize("kind", [MessageKind.IMAGE, MessageKind.VIDEO, MessageKind.FILE])
def test_media_supply_something(classifier: Classifier, kind: MessageKind) -> None:
    assert Label.SUPPLY in classifier.classify("", kind).labels


def test_a_file_is_known_by_its_name(classifier: Classifier) -> None:
    found = classifier.classify("", MessageKind.FILE, file_name="10月总结.docx")
    assert found.labels == {Label.SUPPLY}


def test_the_platforms_own_chain_calls_the_roll(classifier: Classifier) -> None:
    assert Label.ROLLCALL_DEMAND in classifier.classify("周末值班\n1. 张三", MessageKind.CHAIN).labels
    assert Label.ROLLCALL_DEMAND in classifier.classify("#接龙\n周末值班\n1. 张三").labels


def test_a_quote_belongs_to_somebody_else(classifier: Classifier) -> None:
    assert classifier.classify("收到", quote="请各村报送总结，收到请回复").labels == {Label.ACK}
    assert classifier.classify("「请各村报送总结」\n- - - - - -\n收到").labels == {Label.ACK}


@pytest.mark.parametrize(
    ("text", "quote", "reply"),
    [
        ("「王：开会」\n- - - - -\n好", "王：开会", "好"),
        ("「开会」\n———————\n好", "开会", "好"),
        ("“开会” - - - - 好", "开会", "好"),
        ("> 开会\n好", "> 开会", "好"),
        ("「开会」明天", "", "「开会」明天"),
        ("", "", ""),
    ],
)
def test_quotes_are_split_from_replies(text: str, quote: str, reply: str) -> None:
    assert split_quote(text) == (quote, reply)


def test_an_explanation_names_rule_words_and_what_blocked(classifier: Classifier) -> None:
    fired = classifier.explain("请发现场照片").hits
    assert (fired[0].rule_id, fired[0].label) == ("photo.send", "photo_demand")
    assert "现场照片" in fired[0].matched
    stopped = classifier.explain("什么时候发现场照片？").blocked
    assert ("photo.send", "问句") in {(hit.rule_id, hit.blocked_by) for hit in stopped}


@settings(max_examples=200)
@given(st.sampled_from(MESSAGES))
def test_an_explanation_gives_the_same_labels(classifier: Classifier, text: str) -> None:
    explained, plain = classifier.explain(text), classifier.classify(text)
    assert (explained.labels, explained.emergency) == (plain.labels, plain.emergency)
    assert {hit.label for hit in explained.hits} >= {label.value for label in plain.labels}


def test_a_correction_stands_above_the_rules_however_the_text_is_dressed(classifier: Classifier) -> None:
    corrected = classifier.with_corrections({correction_key("请发现场照片"): frozenset({Label.NOTICE})})
    for text in ("请发现场照片", "请發現場照片！", "请发 现场照片"):
        assert corrected.classify(text).labels == {Label.NOTICE}
        assert corrected.classify(text).hits[0].rule_id == "correction"
    assert classifier.classify("请发现场照片").labels == {Label.PHOTO_DEMAND}


def test_corrections_are_replaced_while_running(classifier: Classifier) -> None:
    other = classifier.with_corrections({})
    assert other.classify("收到").labels == {Label.ACK}
    other.update(corrections={correction_key("收到"): frozenset()})
    assert other.classify("收到").labels == frozenset()


def test_normalising_twice_changes_nothing_more() -> None:
    for text in ("请發現場照片", "ＯＫ👌", "收 到", "11：30 前", "@所有人 请回复"):
        assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    "text", ["", "\0", "\ud800收到", "😂" * 5000, "报" * 1_000_000, "[" * 3000, "「" * 3000]
)
def test_no_text_breaks_it(classifier: Classifier, text: str) -> None:
    classifier.classify(text)


@settings(max_examples=200)
@given(st.text(max_size=200))
def test_whatever_is_written_is_classified(classifier: Classifier, text: str) -> None:
    found = classifier.classify(text)
    assert all(isinstance(label, Label) for label in found.labels)
