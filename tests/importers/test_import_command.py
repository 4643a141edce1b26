"""`jianfu import` on a real database: what it says, what it writes, and that it adds only what is new."""

import json
import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bot.app import Store
from bot.cli.export import export
from bot.cli.import_history import import_history
from bot.cli.import_store import importing
from bot.config import load
from bot.errors import ImportFormatError, UsageError
from bot.events import GroupRef, Message, MessageKind, PersonRef
from bot.importers.base import ReadOptions
from bot.importers.intake import Intake
from bot.importers.registry import detect
from bot.importers.rejects import RejectLog
from bot.importers.sources import FileSource
from bot.store.recorder import Draft
from tests.importers.county import LINES, chatlab, memotrace, messages, write_config
from tests.importers.samples import FILES, NOW, ZONE

app = typer.Typer()
app.command("import")(import_history)
app.command("export")(export)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path)


def run(config: Path, *words: object, given: str | None = None, consent: bool = True):
    arguments = ["import", *map(str, words), "-c", str(config)] + (["--i-have-consent"] if consent else [])
    return CliRunner().invoke(app, arguments, input=given)


def counts(config: Path) -> dict[tuple[str, str], int]:
    with sqlite3.connect(config.parent / "data" / "jianfu.db") as database:
        rows = database.execute(
            "SELECT native_id, kind, sum(count) FROM daily_count JOIN work_group ON work_group.id = group_id GROUP BY 1, 2"
        )
        return {(group, kind): count for group, kind, count in rows if count}


def file(config: Path, text: str, name: str = "x") -> Path:
    path = config.parent / name
    path.write_text(text, encoding="utf-8")
    return path


def copied(config: Path) -> Path:
    """Copy the samples into a folder of their own."""
    folder = config.parent / "in"
    folder.mkdir()
    for path in FILES.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_summary_tells_what_was_read_and_what_next(config):
    result = run(config, file(config, chatlab(messages(0, 11))))
    assert result.exit_code == 0
    for words in (
        "群 1 个，4 人，时间 2025-11-24 至 2025-11-24",
        "消息 11 条，其中新增 11 条、原已有 0 条",
        "按类型：文字 9、图片 1、接龙 1",
        "回执（收到）",
        "要求回复",
        "jianfu digest --scope group --group 清水镇防汛群 --from 2025-11-24 --to 2025-11-24",
    ):
        assert words in result.stdout


def test_second_import_changes_nothing(config):
    path = file(config, chatlab(messages(0, 200)))
    run(config, path)
    before = counts(config)
    result = run(config, path)
    assert "新增 0 条、原已有 200 条" in result.stdout
    assert counts(config) == before


def test_longer_export_adds_only_what_is_new(config):
    run(config, file(config, chatlab(messages(0, 120))))
    result = run(config, file(config, chatlab(messages(0, 200)), "later"))
    assert "新增 80 条、原已有 120 条" in result.stdout
    (config.parent / "sub").mkdir()
    whole = write_config(config.parent / "sub")
    run(whole, file(whole, chatlab(messages(0, 200))))
    assert counts(config) == counts(whole)


def test_export_without_ids_is_recognised_by_content(config):
    path = file(config, memotrace(0, 100), "a.csv")
    run(config, path, "--group", "清水镇防汛群")
    before = counts(config)
    assert "新增 0 条" in run(config, path, "--group", "清水镇防汛群").stdout
    assert (
        "新增 50 条"
        in run(config, file(config, memotrace(0, 150), "b.csv"), "--group", "清水镇防汛群").stdout
    )
    assert counts(config) != before


def test_export_of_another_tool_of_the_same_group_adds_nothing(config):
    run(config, file(config, chatlab(messages(0, 100))))
    before = counts(config)
    result = run(config, file(config, memotrace(0, 100), "a.csv"), "--group", "清水镇防汛群")
    assert "新增 0 条、原已有 100 条" in result.stdout
    assert counts(config) == before


def test_recall_in_a_later_export_takes_the_message_out(config):
    run(config, file(config, chatlab(messages(0, 11))))
    before = counts(config)["21000001@chatroom", "messages"]
    later = messages(0, 11)
    later[0] |= {"type": 81, "content": "赵主任撤回了一条消息"}
    run(config, file(config, chatlab(later), "later"))
    assert counts(config)["21000001@chatroom", "messages"] == before - 1


def test_dry_run_writes_nothing(config):
    path = file(
        config, chatlab([*messages(0, 11), {"sender": "a", "timestamp": 0, "type": 0, "content": "坏"}])
    )
    before = sorted(config.parent.rglob("*"))
    result = run(config, path, "--dry-run", consent=False)
    assert result.exit_code == 0
    assert "消息 11 条" in result.stdout
    assert "时间不可信" in result.stdout
    assert sorted(config.parent.rglob("*")) == before


def test_dry_run_counts_what_the_import_counts(config):
    path = file(config, chatlab(messages(0, 60)))
    dry = run(config, path, "--dry-run").stdout
    real = run(config, path).stdout
    lines = [line for line in dry.splitlines() if "按类型" in line or "按内容" in line or "群 1 个" in line]
    assert len(lines) == 3
    assert all(line in real for line in lines)


def test_without_consent_nothing_is_imported(config):
    result = run(config, file(config, chatlab(messages(0, 3))), given="n\n", consent=False)
    assert result.exit_code == 1
    assert "没有导入" in result.stdout
    assert not (config.parent / "data").exists()


def test_consent_can_be_given_at_the_prompt(config):
    result = run(config, file(config, chatlab(messages(0, 3))), given="y\n", consent=False)
    assert result.exit_code == 0
    assert counts(config)["21000001@chatroom", "messages"] == 3


def test_since_leaves_out_what_is_older(config):
    items = messages(0, 10)
    items[0]["timestamp"] -= 86_400
    result = run(config, file(config, chatlab(items)), "--since", "2025-11-24")
    assert "早于起始日的 1 条未读" in result.stdout
    assert counts(config)["21000001@chatroom", "messages"] == 9


@pytest.mark.parametrize("words", [["--since", "昨天"], []])
def test_wrong_command_lines_are_explained(config, words):
    result = run(config, *words, *([] if not words else [file(config, "{}")]))
    assert isinstance(result.exception, UsageError)


def test_rejected_lines_are_kept_beside_the_file_for_its_owner(config):
    items = [*messages(0, 3), {"sender": "a", "timestamp": 0, "type": 0, "content": "坏的时间"}]
    path = file(config, chatlab(items))
    result = run(config, path)
    kept = path.with_name("x.rejected.jsonl")
    [line] = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
    assert line["line"] == 4
    assert "坏的时间" in line["raw"]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert str(kept) in result.stdout
    assert "坏的时间" not in result.stdout
    assert "x.rejected" not in run(config, config.parent).stdout.replace(str(kept), "")


def test_folder_is_walked_and_every_file_accounted_for(config):
    result = run(config, copied(config), "--group", "测试群")
    for path in FILES.iterdir():
        assert path.name in result.stdout
    assert "私聊不导入" in result.stdout
    assert result.exit_code == 0


def test_private_chats_are_nowhere_in_what_is_written(config):
    folder = copied(config)
    result = run(config, folder, "--group", "测试群")
    assert "秘密" not in result.stdout
    files = [path for path in config.parent.rglob("*") if path.is_file()]
    written = [path for path in files if path.parent != folder or "rejected" in path.name]
    assert len(written) > 3
    assert not any("秘密".encode() in path.read_bytes() for path in written)


def test_file_that_cannot_be_read_fails_the_command_but_not_the_others(config):
    good = file(config, chatlab(messages(0, 3)))
    bad = file(config, "只是一句话", "bad")
    result = run(config, good, bad)
    assert result.exit_code == 1
    assert "认不出格式" in result.stdout
    assert counts(config)["21000001@chatroom", "messages"] == 3


def test_nothing_readable_is_an_error(config):
    result = run(config, FILES / "chatlab_private.json")
    assert isinstance(result.exception, ImportFormatError)
    assert "私聊" in result.stdout


def test_formats_are_listed_with_how_to_export(config):
    result = run(config, "--formats")
    assert result.stdout.count("\n    ") == 12
    for word in ("ChatLab", "留痕", "PyWxDump", "WeFlow", "chatlog", "QQ", "Telegram", "5030"):
        assert word in result.stdout


def test_ordinary_chat_is_not_stored_as_text(config):
    run(config, file(config, chatlab(messages(0, len(LINES)))))
    (config.parent / "x").unlink()
    for path in (config.parent / "data").rglob("*"):
        assert not path.is_file() or "红烧肉".encode() not in path.read_bytes()


def test_nothing_is_sent_because_of_history(config):
    run(config, file(config, chatlab(messages(0, 200))))
    with sqlite3.connect(config.parent / "data" / "jianfu.db") as database:
        assert database.execute("SELECT count(*) FROM outbox").fetchone() == (0,)
        assert database.execute("SELECT DISTINCT consent FROM work_group").fetchall() == [("agreed",)]


def test_digest_works_on_an_import(config):
    run(config, file(config, chatlab(messages(0, 33))))
    words = [
        "digest",
        "--scope",
        "group",
        "--group",
        "清水镇防汛群",
        "--from",
        "2025-11-24",
        "--to",
        "2025-11-24",
        "--format",
        "json",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words, "-c", str(config)],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    [group] = json.loads(done.stdout)["groups"]
    assert group["members"] == 4
    assert group["messages"] == 33
    assert group["receipts"] == 12
    assert group["photo_demands"] == 3
    assert group["meetings"] == 3


def test_program_tells_errors_without_a_traceback(config, tmp_path):
    words = ["import", str(tmp_path / "没有"), "--i-have-consent", "-c", str(config)]
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "读不了" in done.stdout


def links(config: Path) -> list[list[tuple]]:
    """What notices, receipts and their links are, by time."""
    with sqlite3.connect(config.parent / "data" / "jianfu.db") as database:
        return [
            database.execute(query).fetchall()
            for query in (
                "SELECT sent_ms, relation, asked, redundant FROM notice_post ORDER BY 1, 2",
                "SELECT sent_ms, outcome FROM ack ORDER BY 1, 2",
                "SELECT count(*), count(DISTINCT notice_id) FROM receipt",
            )
        ]


def test_import_that_was_killed_is_made_whole_by_the_next(config):
    path = file(config, chatlab(messages(0, 200)))
    with importing(load(config)) as killed:
        options = ReadOptions(ZONE, NOW, "", killed.known_groups)
        source = FileSource(path)
        Intake(killed.writer, options, None).read(source, detect(source), RejectLog(None), lambda _: None)
        killed.writer._flush()  # what a batch does; the links would come at the end
    unlinked = links(config)
    result = run(config, path)
    assert "已补做" in result.stdout
    assert "新增 0 条" in result.stdout
    (config.parent / "sub").mkdir()
    whole = write_config(config.parent / "sub")
    run(whole, file(whole, chatlab(messages(0, 200))))
    assert links(config) == links(whole) != unlinked
    assert counts(config) == counts(whole)
    assert "已补做" not in run(config, path).stdout


def test_media_beside_an_export_do_not_flood_the_summary(config):
    folder = config.parent / "media"
    folder.mkdir()
    for number in range(50):
        (folder / f"{number}.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(range(256)))
    (folder / "chat").write_text(chatlab(messages(0, 3)), encoding="utf-8")
    result = run(config, folder)
    assert result.exit_code == 0
    assert result.stdout.count("未读 ") == 20
    assert "另有 30 个文件未读" in result.stdout


def test_what_the_bot_saw_live_is_not_counted_again(config):
    store = Store(load(config))
    store.open()
    group = GroupRef("wechat", "21000001@chatroom", "清水镇防汛群")
    classify = store.classifier().classify
    drafts = []
    for number, item in enumerate(messages(0, 11)):
        kind = (
            MessageKind.IMAGE
            if item["type"] == 1
            else MessageKind.CHAIN
            if "#接龙" in item["content"]
            else MessageKind.TEXT
        )
        text = "" if kind is MessageKind.IMAGE else item["content"]
        sender = PersonRef("wechat", item["sender"], item["accountName"])
        at = datetime.fromtimestamp(item["timestamp"], UTC)
        live = Message("wechat", "bot", f"live-{number}", group, sender, at, kind, text)
        drafts.append(Draft(live, classify(text, kind)))
    with store.database.write() as session:
        store.recorder.record(session, drafts, NOW)
    store.close()
    before = counts(config)
    result = run(config, file(config, chatlab(messages(0, 22))))
    assert "新增 11 条、原已有 11 条" in result.stdout
    assert counts(config)["21000001@chatroom", "messages"] == 2 * before["21000001@chatroom", "messages"]
