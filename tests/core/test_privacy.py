"""The least data that serves: masks, secret marks, opt-out, deletion, retention, and a canary."""

import json
import re
from pathlib import Path

import psycopg
import pytest
from loguru import logger

from bot.app import retention
from bot.channels.base import Stub
from bot.config import PrivacySettings
from bot.events import MessageKind, Quote
from bot.log import setup
from bot.store.purge import purge
from bot.store.tables import (
    Ack,
    DailyCount,
    InboxEvent,
    Member,
    MessageText,
    NoticePost,
    Person,
    PersonName,
    Receipt,
)
from bot.store.tables_work import Audit, Correction
from bot.store.vault import mask
from bot.testing import BOT, Town
from tests.conftest import POSTGRES, MakeTown
from tests.core.support import count_of, counted, messages, recounted, rows
from tests.core.test_commands import code_of

GROUP = "村务群"
PEOPLE = ("赵支书", "钱支书", "孙支书", "李会计")
NOTICE = "【通知】请各村于11月27日17:00前报送普法工作总结，收到请回复"


@pytest.fixture
async def village(town: Town) -> Town:
    await town.found(GROUP, PEOPLE, "赵支书")
    return town


def texts(town: Town) -> list[str]:
    return [row.text for row in rows(town.app.store.database, MessageText)]


def names(town: Town) -> set[str]:
    return {row.name for row in rows(town.app.store.database, PersonName)}


# what is kept of texts


async def test_only_notices_and_demands_keep_their_text(village: Town) -> None:
    await village.say(GROUP, "李会计", "今天天气真好")
    await village.say(GROUP, "李会计", "收到")
    await village.say(GROUP, "赵支书", NOTICE)
    assert texts(village) == [NOTICE]


async def test_kept_texts_are_masked(village: Town) -> None:
    await village.say(
        GROUP,
        "赵支书",
        "请各村报送名单，联系人13812345678，身份证11010519491231002X，卡号6222 0212 3456 7890 123，收到请回复",
    )
    (kept,) = texts(village)
    assert "请各村报送名单" in kept
    assert not re.search(r"\d{5}", kept)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("电话13800138000。", "电话［手机号］。"),
        ("+86 138-0013-8000", "［手机号］"),
        ("11010519491231002x", "［身份证号］"),
        ("6222021234567890123", "［银行卡号］"),
        ("0571-87654321", "［电话］"),
        ("11月27日17:00前报送20份", "11月27日17:00前报送20份"),
        ("2026年度第123456号", "2026年度第123456号"),
    ],
)
def test_masks(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "机密★3年 请各村于周五前报送专项材料，收到请回复",
        "【通知】根据石政发〔2026〕12号文件，请各村报送总结，收到请回复",
        "内部资料，严禁外传：请各村报送名单，收到请回复",
        "绝密 请各村报送名单，收到请回复",
    ],
)
async def test_of_suspected_secrets_no_text_is_kept_and_the_owner_is_told_privately(
    village: Town, text: str
) -> None:
    await village.say(GROUP, "钱支书", text)
    said = village.news()
    assert [(one.group, one.person) for one in said] == [(None, "赵支书")]
    assert "没有保存" in said[0].text
    assert not any(piece in said[0].text for piece in ("专项", "石政发", "报送"))
    assert texts(village) == []
    assert len(messages(village.app)) == 1
    assert "报送" not in "".join(one.text for one in await village.ask(None, "李会计", "我的待办"))


async def test_a_quoted_secret_is_neither_explained_nor_learnt(village: Town) -> None:
    quoted = Quote(text="机密★ 请各村报送名单")
    for command in ("为什么", "误判 材料"):
        (said,) = await village.ask(GROUP, "赵支书", command, quote=quoted)
        assert "名单" not in said.text
    assert rows(village.app.store.database, Correction) == []


async def test_the_owner_can_do_without_any_text(village: Town) -> None:
    from sqlalchemy import update

    from bot.store.tables import Group
    from tests.core.support import change

    change(village.app, lambda session: session.execute(update(Group).values(keep_text=False)))
    await village.say(GROUP, "赵支书", NOTICE)
    assert texts(village) == []
    assert count_of(village.app, "rollcalls") == 1


# opt-out and deletion


async def test_who_opted_out_is_recorded_no_more_and_can_come_back_anywhere(village: Town) -> None:
    await village.say(GROUP, "李会计", "收到")
    before = (len(messages(village.app)), counted(village.app))
    assert len(await village.ask(None, "李会计", "停止记录我")) == 1
    assert "李会计" not in names(village)
    await village.say(GROUP, "李会计", "收到")
    await village.say(GROUP, "李会计", NOTICE)
    await village.happen([village.channel.snapshot_at(GROUP, village.clock.now())])
    assert (len(messages(village.app)), counted(village.app)) == before
    assert "李会计" not in names(village)
    (said,) = await village.ask(GROUP, "李会计", "恢复记录我")
    assert said.text == village.app.texts("opt_in_done")
    await village.say(GROUP, "李会计", "收到")
    assert count_of(village.app, "receipts") == 2


async def test_an_opt_out_is_kept_over_a_restart(village: Town, make_town: MakeTown) -> None:
    await village.ask(None, "李会计", "停止记录我")
    again = make_town(village.clock.now(), channel=village.channel)
    await again.say(GROUP, "李会计", "收到")
    assert messages(again.app) == []


async def test_deletion_leaves_sums_and_nothing_that_tells_who_it_was(village: Town) -> None:
    await village.say(GROUP, "李会计", NOTICE)
    await village.say(GROUP, "赵支书", "收到")
    await village.say(GROUP, "李会计", "收到")
    before = counted(village.app)
    (person,) = {
        row.person_id for row in rows(village.app.store.database, PersonName) if row.name == "李会计"
    }
    code = code_of(await village.ask(None, "李会计", "删除我的数据"))
    await village.ask(None, "李会计", code)
    assert counted(village.app) == before == recounted(village.app)
    assert texts(village) == []
    assert "李会计" not in names(village)
    for table in (Receipt, Ack, NoticePost):
        assert all(row.person_id != person for row in rows(village.app.store.database, table))
    assert all(row.person_id != person for row in messages(village.app))
    assert [row.sealed_id for row in rows(village.app.store.database, Person) if row.id == person] == [None]
    assert any(row.action == "删除数据" for row in rows(village.app.store.database, Audit))


async def test_my_data_is_a_file_in_private_with_everything_that_is_kept(village: Town) -> None:
    await village.say(GROUP, "李会计", NOTICE)
    await village.say(GROUP, "赵支书", NOTICE)
    said = await village.ask(GROUP, "李会计", "我的数据")
    assert all(one.person == "李会计" for one in said)
    path = next(one.file_path for one in said if one.file_path)
    data = json.loads(Path(path).read_text(encoding="utf-8"))  # noqa: ASYNC240 (a small file)
    assert data["姓名"] == "李会计"
    assert data["所在群"] == [GROUP]
    assert [item["文字"] for item in data["消息"]] == [NOTICE, ""]
    assert "赵支书" not in json.dumps(data, ensure_ascii=False)


# retention


async def test_an_expired_text_is_hidden_at_once_and_purged_daily(village: Town) -> None:
    posted = await village.say(GROUP, "赵支书", NOTICE)
    assert "普法" in (await village.ask(None, "李会计", "我的待办"))[0].text
    village.clock.advance(days=29)
    assert "因为" in (await village.ask(GROUP, "李会计", "为什么", quote=posted))[0].text
    village.clock.advance(days=1, seconds=5)
    quote = Quote(message_id=posted.native_id)
    for who, command in (("李会计", "我的待办"), ("赵支书", "回执"), ("李会计", "查重 普法工作总结")):
        said = await village.ask(None, who, command)
        assert "普法工作" not in "".join(one.text for one in said if command != "查重 普法工作总结")
    said = await village.ask(GROUP, "李会计", "为什么", quote=quote)
    assert "已过保留期" in said[0].text
    assert texts(village) != []  # hidden before it is deleted
    before = counted(village.app)
    removed = purge(village.app.store.database, retention(village.app.config), village.clock.now())
    assert removed["文字"] == 1
    assert texts(village) == []
    assert counted(village.app) == before
    assert len(messages(village.app)) > 0


async def test_after_half_a_year_only_sums_are_left(village: Town) -> None:
    await village.say(GROUP, "赵支书", NOTICE)
    await village.say(GROUP, "李会计", "收到")
    before = counted(village.app)
    village.clock.advance(days=181)
    purge(village.app.store.database, retention(village.app.config), village.clock.now())
    assert messages(village.app) == []
    for table in (Receipt, Ack, NoticePost, MessageText, InboxEvent):
        assert rows(village.app.store.database, table) == []
    assert counted(village.app) == before
    assert len(rows(village.app.store.database, Audit)) == 1
    village.clock.advance(days=185)
    purge(village.app.store.database, retention(village.app.config), village.clock.now())
    assert rows(village.app.store.database, Audit) == []
    assert rows(village.app.store.database, DailyCount) != []


async def test_text_is_not_kept_at_all_when_its_days_are_none(make_town: MakeTown) -> None:
    town = make_town(privacy=PrivacySettings(text_days=0))
    await town.found(GROUP, PEOPLE, "赵支书")
    await town.say(GROUP, "赵支书", NOTICE)
    assert texts(town) == []


# the canary

CANARY = "金丝雀q7z9x3"


def everywhere(town: Town, folder: Path) -> bytes:
    """All bytes of the data directory, and of the tables where they are elsewhere."""
    found = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    url = town.app.store.database.url
    if url.get_backend_name() == "postgresql":
        schema = str(url.query["options"]).rpartition("=")[2]
        with psycopg.connect(POSTGRES) as server:
            tables = server.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = %s", [schema]
            ).fetchall()
            for (table,) in tables:
                for row in server.execute(f'SELECT t::text FROM "{schema}"."{table}" t'):  # noqa: S608 (our own schema)
                    found += str(row[0]).encode()
    return found


def shapes(word: str) -> list[bytes]:
    """A word as databases, logs and JSON write it."""
    return [
        word.encode(),
        word.encode("utf-16-le"),
        word.encode("gbk"),
        json.dumps(word)[1:-1].encode(),
        b"q7z9x3",
    ]


async def test_a_canary_put_through_the_system_is_found_nowhere(village: Town, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    setup("DEBUG", folder / "logs")
    try:
        quote = Quote(text=f"昨天 {CANARY} 的照片")
        await village.say(GROUP, "李会计", f"今天{CANARY}真好看")
        await village.say(GROUP, "李会计", f"{CANARY}", kind=MessageKind.LINK)
        await village.say(GROUP, "李会计", "哈哈", quote=quote)
        await village.say(GROUP, "李会计", "", kind=MessageKind.FILE, file_name=f"{CANARY}.docx")
        await village.ask(GROUP, "李会计", f"{CANARY}是什么意思")
        await village.ask(None, "李会计", f"{CANARY}")
        await village.ask(None, "李会计", f"查重 {CANARY}台账")
        await village.ask(GROUP, "李会计", "为什么", quote=quote)
        await village.ask(GROUP, "赵支书", f"减负模式 {CANARY}")
        await village.ask(GROUP, "李会计", f"我的负担 {CANARY}")
        await village.say(GROUP, "钱支书", f"机密★ 请各村报送{CANARY}名单，收到请回复")
        stub = Stub(
            "fake", "message", "with payload", village.clock.now(), f'{{"text": "{CANARY}"}}'.encode()
        )
        broken = Stub("fake", "message", "broken payload", village.clock.now(), CANARY.encode())
        village.channel._events["with payload"] = [
            village.channel.message(GROUP, "李会计", f"又{CANARY}", village.clock.now())
        ]
        await village.app.inbox.accept([stub, broken])
        found = everywhere(village, folder)  # sealed, while it waits
        assert not any(shape in found for shape in shapes(CANARY))
        await village.settle()
        if village.app.store.database.is_sqlite:
            village.app.store.database.backup(folder / "backup.db")
            village.app.store.database.backup(tmp_path / "data" / "second.db")
        logger.complete()
        found = everywhere(village, folder)
        assert "已搁置".encode() in found  # the log is really there
        assert GROUP.encode() in found
        assert not any(shape in found for shape in shapes(CANARY))
    finally:
        logger.remove()


async def test_deleted_and_expired_texts_are_gone_from_the_files_too(village: Town, tmp_path: Path) -> None:
    await village.say(GROUP, "赵支书", f"【通知】请各村报送{CANARY}台账，收到请回复")
    assert CANARY.encode() in everywhere(village, tmp_path / "data")
    village.clock.advance(days=31)
    purge(village.app.store.database, retention(village.app.config), village.clock.now())
    assert CANARY.encode() not in everywhere(village, tmp_path / "data")


async def test_members_of_a_group_that_has_not_agreed_are_not_written_down(
    town: Town, tmp_path: Path
) -> None:
    await town.found(GROUP, ("赵支书", CANARY), "赵支书", agree=False)
    await town.say(GROUP, CANARY, "收到")
    assert not any(shape in everywhere(town, tmp_path / "data") for shape in shapes(CANARY))
    assert len(rows(town.app.store.database, Member)) == 1


async def test_ids_of_people_stand_nowhere_in_clear(village: Town, tmp_path: Path) -> None:
    village.channel.add_group("二组群", ("wxid_q7z9x3",), "wxid_q7z9x3")
    await village.happen([village.channel.snapshot_at("二组群", village.clock.now())])
    await village.ask("二组群", "wxid_q7z9x3", "停止记录我", mentions_all=True)
    await village.say("二组群", "wxid_q7z9x3", "收到")
    village.app.store.database.settle()
    assert b"wxid_q7z9x3" not in everywhere(village, tmp_path / "data")
    assert BOT not in names(village)
