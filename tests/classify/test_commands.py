"""The commands `classify`, `eval` and `rules check`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bot.cli.classify import classify
from bot.cli.evaluate import evaluate
from bot.cli.rules import rules_app

app = typer.Typer()
app.command()(classify)
app.command(name="eval")(evaluate)
app.add_typer(rules_app, name="rules")
runner = CliRunner()


@pytest.fixture(autouse=True)
def _data_dir(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JIANFU_DATA_DIR", str(tmp_path))


def test_each_line_gives_one_object() -> None:
    done = runner.invoke(app, ["classify", "-", "--jsonl"], input="收到\n请各村报送总结\\n收到请回复\n\n")
    assert done.exit_code == 0
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    assert [o["labels"] for o in objects] == [["ack"], ["material_demand", "rollcall_demand"], []]
    assert objects[1]["text"] == "请各村报送总结\n收到请回复"
    assert objects[0] == {
        "text": "收到",
        "labels": ["ack"],
        "emergency": False,
        "rules": [{"id": "ack.received", "label": "ack", "matched": "收到"}],
    }


def test_odd_bytes_are_a_line_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "odd.txt"
    path.write_bytes(b"\xff\xfe\x00\n" + "收到\r\n".encode())
    done = runner.invoke(app, ["classify", str(path), "--jsonl"])
    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) == 2


def test_the_table_shows_what_blocked() -> None:
    done = runner.invoke(app, ["classify"], input="什么时候发现场照片？\n")
    assert "photo.send" in done.stdout
    assert "问句" in done.stdout


def test_a_missing_file_is_said_in_one_line() -> None:
    done = runner.invoke(app, ["classify", "/nowhere/x"])
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_a_reader_that_leaves_causes_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "many.txt"
    path.write_text("收到\n" * 5000, encoding="utf-8")
    code = "import typer; from bot.cli.classify import classify; typer.run(classify)"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path), "--jsonl"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert "Traceback" not in process.stderr.read().decode()


def test_eval_scores_and_explains(tmp_path: Path) -> None:
    path = tmp_path / "gold.tsv"
    path.write_text(
        "text\tlabels\temergency\n收到\tack\t0\n今天天气好\tack\t0\n后山着火了\tnone\t1\n", encoding="utf-8"
    )
    done = runner.invoke(app, ["eval", str(path)])
    assert done.exit_code == 0
    assert "macro-F1" in done.stdout
    assert "0.667" in done.stdout  # ack: one of two found
    assert "今天天气好" in done.stdout
    assert "emergency" in done.stdout


@pytest.mark.parametrize(
    ("content", "words"),
    [("a\tb\n", "text"), ("text\tlabels\n收到\tackk\n", "第 2 行"), ("text\tlabels\n收到\n", "第 2 行")],
)
def test_eval_says_what_is_wrong_with_a_file(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "bad.tsv"
    path.write_text(content, encoding="utf-8")
    done = runner.invoke(app, ["eval", str(path)])
    assert done.exit_code == 2
    assert words in done.output


def test_rules_check_lists_all_and_passes() -> None:
    done = runner.invoke(app, ["rules", "check"])
    assert done.exit_code == 0, done.output
    assert "ack.received" in done.stdout
    assert "检查通过" in done.stdout


def test_rules_check_finds_an_example_that_does_not_fire(tmp_path: Path) -> None:
    path = tmp_path / "local.toml"
    path.write_text(
        '[[rule]]\nid = "a.b"\nlabel = "ack"\ncomment = "c"\npattern = ["[梅花]"]\nexample = ["桃花"]\n',
        encoding="utf-8",
    )
    done = runner.invoke(app, ["rules", "check", str(path), "--quiet"])
    assert done.exit_code == 1
    assert "例句没有触发" in done.output
