"""Whose receipt a line of a 接龙 list is."""

import pytest

from bot.notices.receipts import match_chain

MEMBERS = {
    1: ("大坪村-张三",),
    2: ("石桥村 李四",),
    3: ("王五",),
    4: ("柳河村张三丰",),
    5: ("大坪村-赵六", "赵主任"),
}


@pytest.mark.parametrize(
    ("line", "person"),
    [
        ("张三", 1),
        ("大坪村-张三", 1),
        ("大坪村 张三 收到", 1),
        ("张三（大坪村）收到", 1),
        ("张三收到", 1),
        ("李四 13800000000", 2),
        ("王五", 3),
        ("柳河村张三丰", 4),
        ("赵主任", 5),
        ("赵六已报送", 5),
    ],
)
def test_a_line_with_one_members_name_is_that_members(line: str, person: int) -> None:
    matched, left = match_chain(f"#接龙\n防溺水培训\n\n1. {line}", MEMBERS)
    assert (matched, left) == ({person: line}, ())


@pytest.mark.parametrize("line", ["大坪村", "张三 李四", "孙七", "收到", "村主任", "张"])
def test_a_line_that_fits_nobody_or_several_is_left_over(line: str) -> None:
    assert match_chain(f"1. {line}\n2. 王五", MEMBERS) == ({3: "王五"}, (line,))


def test_a_name_that_two_members_have_is_never_guessed() -> None:
    twins = {1: ("张三",), 2: ("张三",)}
    assert match_chain("1、张三", twins) == ({}, ("张三",))


def test_a_unit_tells_two_people_of_one_name_apart() -> None:
    twins = {1: ("大坪村张三",), 2: ("石桥村张三",)}
    assert match_chain("1、大坪村 张三\n2、石桥村张三", twins)[0] == {1: "大坪村 张三", 2: "石桥村张三"}


def test_a_person_who_signs_twice_is_matched_once() -> None:
    assert match_chain("1.王五\n2.王五 收到", MEMBERS) == ({3: "王五"}, ())


def test_lines_without_numbers_count_too() -> None:
    assert match_chain("#接龙\n王五\n李四", MEMBERS)[0] == {3: "王五", 2: "李四"}


@pytest.mark.parametrize("text", ["", "\n\n", "#接龙"])
def test_nothing_gives_nothing(text: str) -> None:
    assert match_chain(text, MEMBERS) == ({}, ())
