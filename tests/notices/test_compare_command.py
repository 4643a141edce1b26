"""`jianfu compare`: pairs in, verdicts out, errors told in one line."""

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from bot.cli import main

PAIRS = "a\tb\tsame\n请报防溺水台账\t防溺水台账\\n交一下\t1\n请报防溺水总结\t请报防溺水方案\t0\n\n请报名单\t请报名单\t0\n"


@dataclass(frozen=True)
class Done:
    """What a run of the program said."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs the program on standard input."""

    def start(*arguments: str, text: str = PAIRS) -> Done:
        monkeypatch.setenv("COLUMNS", "160")
        monkeypatch.setattr(sys, "argv", ["jianfu", "compare", "-", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        return Done(int(left.value.code or 0), said.out, said.err)

    return start


def test_every_pair_gives_one_json_object(run: Run) -> None:
    done = run("--jsonl")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [pair["same"] for pair in found] == [True, False, True]
    assert all(isinstance(pair["score"], float) and pair["why"] for pair in found)


def test_the_table_can_be_read(run: Run) -> None:
    done = run()
    assert done.returncode == 0
    assert "索要内容不同" in done.stdout


def test_the_score_names_the_mistakes(run: Run) -> None:
    done = run("--score")
    assert "第 5 行 误认为同一" in done.stdout
    assert "准确率 0.500，召回率 1.000" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "text", "said"),
    [
        (("--jsonl",), "没有制表符\n", "第 1 行没有制表符"),
        (("--day", "昨天"), PAIRS, "2026-11-05"),
        (("--score",), "甲\t乙\n", "same"),
    ],
)
def test_an_error_says_what_would_be_right(
    run: Run, arguments: tuple[str, ...], text: str, said: str
) -> None:
    done = run(*arguments, text=text)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
