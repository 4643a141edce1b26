"""The scale: adding points up, and what is said of a table that cannot be read."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.errors import RuleError
from bot.notices.alignment import align
from bot.notices.evidence import observe
from bot.notices.features import extract
from bot.notices.scale import likelihood, load_scale, parse

TABLE = ["# points", "base\t-0.5", "x\t0.5\ty\t1\t-1\t2\tz\t3\t4\t8"]


@pytest.mark.parametrize(
    ("x", "y", "z", "total"),
    [(0.5, 1, 9, -1.5), (0.5, 1.01, 9, 1.5), (0.51, 1, 3, 3.5), (9.0, 1, 3.5, 7.5)],
)
def test_the_first_answer_says_what_is_asked_next(x: float, y: float, z: float, total: float) -> None:
    assert parse(TABLE, "e.tsv").weigh({"x": x, "y": y, "z": z}) == total


def test_the_limit_is_one_half_and_no_sum_is_too_large() -> None:
    assert likelihood(0) == 0.5
    assert likelihood(1e9) > 0.999
    assert likelihood(-1e9) < 0.001


@pytest.mark.parametrize(
    "line", ["x\t0.5", "x\t0.5\ty\t1\t-1\tmuch\tz\t3\t4\t8", "base\tx", "x\t0.5\ty\t1\t-1\t2\tz\t3\t4\t8\t9"]
)
def test_a_broken_table_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(RuleError, match=r"e\.tsv 第2行：应为 base 和分数"):
        parse(["# points", line], "e.tsv")


def test_a_table_says_where_it_begins() -> None:
    with pytest.raises(RuleError, match="缺少 base 行"):
        parse(TABLE[2:], "e.tsv")


def test_our_own_table_asks_only_for_what_is_observed() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    a, b = (extract(text, datetime(2026, 11, 4, tzinfo=UTC), zone) for text in ("请报表", "把表报来"))
    assert load_scale().names <= observe(a, b, align(a, b)).keys()
