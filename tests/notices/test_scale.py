"""The scale: adding points up, and what is said of a table that cannot be read."""

import pytest

from bot.errors import RuleError
from bot.notices.scale import likelihood, parse

TABLE = ["# points", "base\t\t-0.5", "x\t0.5\t-1.0", "x\t\t2.0"]


@pytest.mark.parametrize(("value", "total"), [(0.0, -1.5), (0.5, -1.5), (0.51, 1.5), (9.0, 1.5)])
def test_points_hold_up_to_their_value_and_the_last_for_all_above(value: float, total: float) -> None:
    assert parse(TABLE, "e.tsv").weigh({"x": value}) == total


def test_the_limit_is_one_half_and_no_sum_is_too_large() -> None:
    assert likelihood(0) == 0.5
    assert likelihood(1e9) > 0.999
    assert likelihood(-1e9) < 0.001


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["x\t0.5"], "e.tsv 第1行"),
        (["x\t0.5\tmuch"], "第1行"),
        (["x\t0.5\t1"], "最后一行不写上限"),
        (["x\t0.5\t1", "x\t0.1\t2", "x\t\t3"], "从小到大"),
    ],
)
def test_a_broken_table_is_refused(lines: list[str], said: str) -> None:
    with pytest.raises(RuleError, match=said):
        parse(lines, "e.tsv")
