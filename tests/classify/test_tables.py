"""The learnt tables: what they must hold, and what is said when they do not."""

from importlib import resources

import pytest

from bot.classify import judge, scores
from bot.classify.judge import ENDS, HEADS
from bot.classify.scores import NAMES
from bot.errors import RuleError

ZEROS = "\t".join("0" for _ in NAMES)
WHOLE = [*HEADS, *(f"#{end}" for end in ENDS)]


def table(*heads: str) -> str:
    """Return a table of zeros with these rows."""
    return "\n".join(f"{head}\t{ZEROS}" for head in heads)


def test_our_own_tables_name_only_rules_that_there_are(rules: object) -> None:
    text = resources.files("bot.classify").joinpath("data", "judge.tsv").read_text(encoding="utf-8")
    named = {line.split("\t")[0][5:] for line in text.splitlines() if line.startswith("rule:")}
    assert named == {rule.id for rule in rules.rules}


def test_a_whole_table_of_weights_is_read() -> None:
    judge.parse(table(*WHOLE), "j.tsv")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (table(*WHOLE, "skore:ack"), "j.tsv 第79行：skore:ack 不认识"),
        (table(*WHOLE) + "\t0", "第78行：#floor"),
        (table(*WHOLE).replace("\t0", "\tx", 1), "第1行：分数应为整数"),
        (table(*WHOLE[1:]), "缺少 score:notice 行"),
    ],
)
def test_a_broken_table_of_weights_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(RuleError, match=said):
        judge.parse(text, "j.tsv")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"收\t{ZEROS}", "第1行：应有 16 个分数，实有 15 个"),
        (f"收\t1000\t{ZEROS}", "缺少 #base 行"),
        (f"#base\t{ZEROS}\n收\t一", "第2行：分数应为整数"),
        (f"#base\t{ZEROS}", "一行计分也没有"),
        (f"收到请回\t1000\t{ZEROS}", "第1行：片段应为一至3个字"),
        (f"甲#收\t1000\t{ZEROS}", "第1行：片段应为一至3个字，前面只可有 问、我、否、已"),
        (f"收\t0\t{ZEROS}", "权重应大于 0.1"),
    ],
)
def test_a_broken_score_card_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(RuleError, match=said):
        scores.parse(text, "s.tsv")
