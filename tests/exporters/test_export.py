"""`jianfu export`: what is stored leaves in forms that others read, and comes back with the same counts."""

import csv
import io
import json
import sqlite3
import stat
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot.cli.export import export
from bot.cli.import_history import import_history
from bot.errors import UsageError
from bot.exporters.cells import STARTERS, harmless
from tests.importers.county import PEOPLE, T, chatlab, messages, write_config

app = typer.Typer()
app.command("import")(import_history)
app.command("export")(export)


def run(config: Path, *words: object):
    return CliRunner().invoke(app, [*map(str, words), "-c", str(config)])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings of a database with two groups."""
    path = write_config(tmp_path)
    (tmp_path / "a").write_text(chatlab(messages(0, 60)), encoding="utf-8")
    other = messages(0, 22)
    for item in other:
        item["platformMessageId"] = "9" + item["platformMessageId"]
    other[3] |= {"type": 80, "content": "李梅修改了群名"}
    other[4] |= {"type": 81}
    (tmp_path / "b").write_text(chatlab(other, group="21000002@chatroom", name="=1+1群"), encoding="utf-8")
    assert run(path, "import", tmp_path / "a", tmp_path / "b", "--i-have-consent").exit_code == 0
    return path


def counts(config: Path) -> list[tuple]:
    with sqlite3.connect(config.parent / "data" / "jianfu.db") as database:
        return database.execute(
            "SELECT native_id, day, kind, count FROM daily_count JOIN work_group ON work_group.id = group_id"
            " WHERE count ORDER BY 1, 2, 3"
        ).fetchall()


def notices(config: Path) -> list[tuple]:
    """Posts of notices, receipts, mentions and roles: what figures are made from."""
    with sqlite3.connect(config.parent / "data" / "jianfu.db") as database:
        return [
            database.execute(query).fetchall()
            for query in (
                "SELECT sent_ms, relation, asked, redundant FROM notice_post ORDER BY 1, 2",
                "SELECT sent_ms, outcome FROM ack ORDER BY 1, 2",
                "SELECT count(*), count(DISTINCT person_id), count(DISTINCT notice_id) FROM receipt",
                "SELECT count(*) FROM mention",
                "SELECT role, count(*) FROM member GROUP BY 1 ORDER BY 1",
                "SELECT kind, count(*) FROM message GROUP BY 1 ORDER BY 1",
                "SELECT labels, flags, count(*) FROM message GROUP BY 1, 2 ORDER BY 1, 2",
            )
        ]


def test_round_trip_gives_the_same_counts(config, tmp_path):
    out = tmp_path / "out"
    assert run(config, "export", "--format", "chatlab", "--out", out, "--messages").exit_code == 0
    assert len(list(out.iterdir())) == 2
    (tmp_path / "empty").mkdir()
    empty = write_config(tmp_path / "empty")
    result = run(empty, "import", out, "--i-have-consent")
    assert result.exit_code == 0
    assert counts(empty) == counts(config)
    assert notices(empty) == notices(config)


def test_own_export_adds_nothing_where_it_comes_from(config, tmp_path):
    before = counts(config)
    run(config, "export", "--format", "chatlab", "--out", tmp_path / "out", "--messages")
    result = run(config, "import", tmp_path / "out", "--i-have-consent")
    assert "新增 0 条" in result.stdout
    assert counts(config) == before


@pytest.mark.parametrize("form", ["csv", "parquet", "chatlab"])
@pytest.mark.parametrize("detail", [[], ["--messages"]])
def test_no_file_holds_ordinary_chat_or_an_id(config, tmp_path, form, detail):
    out = tmp_path / "out"
    assert run(config, "export", "--format", form, "--out", out, *detail).exit_code == 0
    for path in out.iterdir() if out.is_dir() else [out]:
        data = path.read_bytes()
        assert "红烧肉".encode() not in data
        assert not any(native_id.encode() in data for native_id in PEOPLE)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_daily_counts_as_csv(config, tmp_path):
    run(config, "export", "--format", "csv", "--out", tmp_path / "out.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text(encoding="utf-8-sig"))))
    assert list(rows[0]) == ["platform", "group", "day", "kind", "count"]
    found = {(row["group"], row["kind"]): int(row["count"]) for row in rows}
    assert found["清水镇防汛群", "messages"] == 60
    assert found["'=1+1群", "messages"] == 20
    assert {row["day"] for row in rows} == {"2025-11-24"}
    assert len(rows) == len(counts(config))


def test_messages_as_csv_hold_text_only_where_it_is_kept(config, tmp_path):
    run(
        config,
        "export",
        "--format",
        "csv",
        "--out",
        tmp_path / "out.csv",
        "--messages",
        "--group",
        "清水镇防汛群",
    )
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text(encoding="utf-8-sig"))))
    assert len(rows) == 60
    assert rows[0]["time"] == "2025-11-24 09:00:00+08:00"
    assert rows[0]["text"].startswith("'@所有人 请各村")
    assert "rollcall_demand" in rows[0]["labels"].split(";")
    assert rows[3]["text"] == ""
    assert rows[3]["length"] == "8"
    assert rows[3]["name"] == "周云"
    assert rows[3]["person"].startswith("p:")


def test_parquet_has_the_same_rows_as_csv(config, tmp_path):
    run(config, "export", "--format", "csv", "--out", tmp_path / "out.csv", "--messages")
    run(config, "export", "--format", "parquet", "--out", tmp_path / "out.parquet", "--messages")
    table = pq.read_table(tmp_path / "out.parquet").to_pylist()
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text(encoding="utf-8-sig"))))
    assert [row["person"] for row in table] == [row["person"] for row in rows]
    assert [row["labels"] for row in table] == [row["labels"] for row in rows]
    assert min(row["time"] for row in table).timestamp() == T


def test_expired_text_is_not_exported(config, tmp_path):
    with sqlite3.connect(config.parent / "data" / "jianfu.db") as database:
        database.execute("UPDATE message_text SET expires_at = 1")
    run(config, "export", "--format", "csv", "--out", tmp_path / "out.csv", "--messages")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text(encoding="utf-8-sig"))))
    assert {row["text"] for row in rows} == {""}


def test_people_who_opted_out_are_left_out(config, tmp_path):
    with sqlite3.connect(config.parent / "data" / "jianfu.db") as database:
        [person] = database.execute("SELECT person_id FROM person_name WHERE name = '李梅'").fetchone()
        database.execute("UPDATE person SET opted_out = 1 WHERE id = ?", [person])
    run(config, "export", "--format", "chatlab", "--out", tmp_path / "out", "--messages")
    for path in (tmp_path / "out").iterdir():
        data = json.loads(path.read_text(encoding="utf-8"))
        assert "李梅" not in {member["accountName"] for member in data["members"]}
        assert "李梅" not in {message["accountName"] for message in data["messages"]}


def test_single_group_is_one_file(config, tmp_path):
    out = tmp_path / "one.json"
    run(config, "export", "--format", "chatlab", "--out", out, "--messages", "--group", "21000002@chatroom")
    data = json.loads(out.read_text(encoding="utf-8"))
    assert data["meta"] == {
        "name": "=1+1群",
        "platform": "wechat",
        "type": "group",
        "groupId": "21000002@chatroom",
    }
    assert [role for member in data["members"] for role in member["roles"]] == [{"id": "owner"}]
    assert len(data["messages"]) == 22


def test_present_file_is_not_overwritten(config, tmp_path):
    out = tmp_path / "out.csv"
    out.write_text("mine", encoding="utf-8")
    result = run(config, "export", "--format", "csv", "--out", out)
    assert isinstance(result.exception, UsageError)
    assert out.read_text(encoding="utf-8") == "mine"


def test_unknown_group_is_explained(config, tmp_path):
    result = run(config, "export", "--format", "csv", "--out", tmp_path / "x", "--group", "没有的群")
    assert isinstance(result.exception, UsageError)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+86",
        "-1",
        "@所有人",
        "＝1",
        "＋1",
        "－1",
        "＠a",
        "\t=1",
        "\r=1",
        "  =1",
        "\u3000＝1",
        "|cmd",
        "%0A",
    ],
)
def test_formulas_are_guarded(text):
    assert harmless(text) == "'" + text


@given(st.text())
def test_no_cell_begins_like_a_formula(text):
    cell = harmless(text)
    assert cell.endswith(text)
    assert cell.lstrip(" \u00a0\u3000\ufeff\u200b")[:1] not in STARTERS
    assert cell == text or text.strip(" \u00a0\u3000\ufeff\u200b")[0] in STARTERS


@pytest.mark.postgres
def test_postgresql_exports_what_sqlite_does(config, tmp_path, postgres_url):
    folder = tmp_path / "postgres"
    folder.mkdir()
    other = write_config(folder)
    other.write_text(
        f'{other.read_text(encoding="utf-8")}[database]\nurl = "{postgres_url}"\n', encoding="utf-8"
    )
    assert run(other, "import", tmp_path / "a", tmp_path / "b", "--i-have-consent").exit_code == 0
    for detail in ([], ["--messages"]):
        name = f"out{len(detail)}.csv"
        assert run(config, "export", "--format", "csv", "--out", tmp_path / name, *detail).exit_code == 0
        assert run(other, "export", "--format", "csv", "--out", folder / name, *detail).exit_code == 0
        ours, theirs = (
            [
                {**row, "person": ""}
                for row in csv.DictReader(io.StringIO((place / name).read_text(encoding="utf-8-sig")))
            ]
            for place in (tmp_path, folder)
        )
        assert sorted(map(str, ours)) == sorted(map(str, theirs))
    assert "新增 0 条" in run(other, "import", tmp_path / "a", "--i-have-consent").stdout
