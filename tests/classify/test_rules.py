"""Every rule does what its example says, and nothing in its counter-examples."""

from pathlib import Path

import pytest

from bot.classify.classifier import Classifier
from bot.classify.loader import load_rules
from bot.classify.tokenizer import make_tokenizer
from bot.errors import RuleError
from bot.events import Label
from tests.classify.conftest import CORPUS

RULES = load_rules().rules


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_examples_fire_and_counters_do_not(by_rules: Classifier, rule: object) -> None:
    for text in rule.example:
        found = by_rules.classify(text, *rule.kinds[:1])
        assert rule.id in {hit.rule_id for hit in found.hits}, text
    for text in rule.counter:
        found = by_rules.classify(text, *rule.kinds[:1])
        assert rule.id not in {hit.rule_id for hit in found.hits}, text


def test_every_rule_and_guard_says_what_it_is_for() -> None:
    rules = load_rules()
    assert all(rule.comment for rule in rules.rules)
    assert all(guard.comment for guard in rules.guards)
    assert {Label(rule.label) for rule in rules.rules if rule.label not in ("", "emergency")} == set(Label)


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


LOCAL = """
[[concept]]
name = "打卡"
terms = "按梅花印"

[[rule]]
id = "local.tea"
label = "material_demand"
comment = "茶青日报"
pattern = ["[茶青] ~3 [日报]"]
unless = []
example = ["茶青数日报"]
"""


def test_a_county_adds_terms_and_rules_without_touching_ours(tmp_path: Path, cache_dir: Path) -> None:
    rules = load_rules([_write(tmp_path / "local.toml", LOCAL)])
    local = Classifier(rules, make_tokenizer("auto", rules.words, cache_dir))
    assert Label.CHECKIN_DEMAND in local.classify("请各村干部每天按梅花印").labels
    assert local.classify("茶青数日报").hits[0].rule_id == "local.tea"
    assert rules.sources["local.tea"].endswith("local.toml:6")


def test_rules_are_reloaded_while_running(tmp_path: Path, rules: object, cache_dir: Path) -> None:
    classifier = Classifier(rules, make_tokenizer("auto", rules.words, cache_dir))
    assert "local.tea" not in {hit.rule_id for hit in classifier.classify("茶青数日报").hits}
    classifier.update(rules=load_rules([_write(tmp_path / "local.toml", LOCAL)]))
    assert "local.tea" in {hit.rule_id for hit in classifier.classify("茶青数日报").hits}


RULE = """[[rule]]
id = "x.y"
label = "ack"
comment = "c"
example = ["e"]
{body}
"""


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ("regex = ['(a+)+b']", 6, "without bound"),
        ("regex = ['(a{1,9}){1,9}']", 6, "inside a repeat"),
        ("regex = ['(ab|c){2,5}']", 6, "repeats a choice"),
        ("regex = ['(a)\\1']", 6, "refers back"),
        ("regex = ['a(']", 6, "not valid"),
        ('pattern = ["{无此概念}"]', 6, "unknown concept"),
        ('pattern = ["收到 ~99 回复"]', 6, "too wide"),
        ('pattern = ["( 收到"]', 6, "brackets"),
        ('pattern = ["收到"]\nunless = ["无此前提"]', 1, "unknown guard"),
        ('pattern = ["收到"]\ntypo = 1', 7, "typo"),
        ("", 1, "neither pattern"),
        ("pattern = [", 7, "TOML"),
    ],
)
def test_a_bad_rule_is_refused_with_file_and_line(tmp_path: Path, body: str, line: int, words: str) -> None:
    path = _write(tmp_path / "bad.toml", RULE.format(body=body))
    with pytest.raises(RuleError, match=words) as caught:
        load_rules([path])
    assert f"bad.toml:{line}:" in str(caught.value)


def test_a_second_rule_of_the_same_name_is_refused(tmp_path: Path) -> None:
    text = RULE.format(body='pattern = ["收到"]')
    with pytest.raises(RuleError, match="exists already"):
        load_rules([_write(tmp_path / "twice.toml", text + text)])


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gbk.toml"
    path.write_bytes("收到".encode("gbk"))
    with pytest.raises(RuleError, match="UTF-8"):
        load_rules([path])


def test_the_corpus_of_our_own_is_large_enough() -> None:
    lines = sum(
        len(path.read_text(encoding="utf-8").splitlines()) - 1 for path in CORPUS.glob("messages_*.tsv")
    )
    assert lines > 1500
