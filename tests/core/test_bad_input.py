"""Whatever comes in is recorded or set aside with its reason, and the next message is handled."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.cleaning import clean_text
from bot.cli import doctor
from bot.config import Config, DatabaseSettings
from bot.events import GroupRef, Message, MessageKind, PersonRef, Quote
from bot.store.tables import Group, InboxEvent, MessageText, PersonName
from bot.testing import BOT, PLATFORM, Town
from tests.core.support import count_of, counted, messages, outbox, recounted, rows

GROUP = "村务群"
PEOPLE = ("赵支书", "钱支书", "李会计")
DEMAND = "请各村报送名单，收到请回复"


@pytest.fixture
async def village(town: Town) -> Town:
    await town.found(GROUP, PEOPLE, "赵支书")
    return town


async def goes_on(town: Town) -> None:
    """The next message is recorded, the next command answered, and the counts are right."""
    before = count_of(town.app, "receipts")
    await town.say(GROUP, "李会计", "收到")
    assert count_of(town.app, "receipts") == before + 1
    assert len(await town.ask(GROUP, "李会计", "帮助")) == 1
    assert counted(town.app) == recounted(town.app)


@pytest.mark.parametrize(
    "at",
    [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(9999, 1, 1, tzinfo=UTC),
        datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    ],
    ids=str,
)
@pytest.mark.parametrize("text", ["今天天气不错", DEMAND])
async def test_a_time_out_of_this_world_stops_nothing(village: Town, at: datetime, text: str) -> None:
    await village.say(GROUP, "钱支书", text, at=at, native_id="odd")
    recorded = [row for row in messages(village.app) if row.native_id == "odd"]
    states = village.app.inbox.states()
    assert len(recorded) + states.get("dead", 0) == 1
    assert all(row.reason for row in rows(village.app.store.database, InboxEvent) if row.state == "dead")
    await goes_on(village)
    await village.say(GROUP, "赵支书", "【通知】请各村于11月27日17:00前报送普法工作总结，收到请回复")
    assert "普法" in (await village.ask(None, "李会计", "我的待办"))[0].text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n\n",
        "👌",
        "👨‍👩‍👧‍👦🏳️‍🌈",
        "\x00",
        f"{DEMAND}\x00",
        f"\ud800{DEMAND}\udfff",
        "\x1b[31m红\x1b[0m",
        "\u202e反过来\u2066",
        "好" * 350_000,
        "收到请回复" * 70_000,
        "<script>alert(1)</script>{{ 7*7 }}{% raw %}",
        "=cmd|' /C calc'!A0",
        "'; DROP TABLE message; --",
        "1" * 5000,
        "(" * 5000,
        "@" * 3000,
    ],
    ids=lambda text: ascii(text[:12]) + str(len(text)),
)
async def test_a_text_of_any_kind_is_recorded(village: Town, text: str) -> None:
    await village.say(GROUP, "钱支书", text, native_id="odd")
    assert [row.length for row in messages(village.app) if row.native_id == "odd"] == [len(clean_text(text))]
    kept = "".join(row.text for row in rows(village.app.store.database, MessageText))
    assert "\x00" not in kept
    kept.encode()  # no lone surrogate
    await goes_on(village)


@pytest.mark.parametrize(
    "command", ["查重 {}", "登记 单位={}", "减负模式 {}", "误判 {}", "我的负担 {}", "完成 {}", "{}"]
)
@pytest.mark.parametrize(
    "words", ["\ud83d", "\x00\x1b[2J", "{{ 7*7 }}", "９" * 400, "²", "٣", "名" * 20_000], ids=ascii
)
async def test_a_command_with_anything_behind_it_is_answered(village: Town, command: str, words: str) -> None:
    said = await village.ask(GROUP, "赵支书", command.format(words))
    assert len(said) == 1
    assert said[0].text != village.app.texts("failed")
    assert len(said[0].text) < 1000
    assert "49" not in said[0].text
    assert village.app.inbox.states().get("dead") is None


NAMES = [
    "(a+)+$",
    "*",
    "\\",
    '=HYPERLINK("http://x")',
    "<b>粗</b>",
    "赵\n支书\r\n群主",
    "\x1b[31m赵\x1b[0m",
    "",
    " ",
    "\x00",
    "\udc80",
    "减负助手",
    "@所有人",
    "名" * 5000,
    "{{ config }}",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name[:12]))
async def test_a_hostile_nickname_is_a_name_like_any_other(village: Town, name: str) -> None:
    now = village.clock.now()
    ref = GroupRef(PLATFORM, GROUP, GROUP)
    sender = PersonRef(PLATFORM, "hostile", name)
    for number, text in enumerate((f"@{name} 收到", DEMAND, f"@{name} 帮助")):
        mentions = ("李会计",) if number < 2 else (BOT,)
        message = Message(PLATFORM, BOT, f"h{number}", ref, sender, now, text=text, mentions=mentions)
        await village.happen([message])
    assert len(messages(village.app)) == 3
    assert all(len(row.name) <= 100 for row in rows(village.app.store.database, PersonName))
    said = await village.ask(None, "hostile", "回执")
    assert "0/" in said[0].text
    await goes_on(village)


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name[:12]))
async def test_a_hostile_group_name_or_id_stops_nothing(village: Town, name: str) -> None:
    now = village.clock.now()
    first = GroupRef(PLATFORM, "odd group", name)
    for ref in (first, GroupRef(PLATFORM, name or "?", "奇怪的群")):
        message = Message(
            PLATFORM, BOT, f"g{ref is first}", ref, PersonRef(PLATFORM, "李会计", "李会计"), now, text="在"
        )
        await village.app.inbox.accept([village.channel.stub([message], now, f"g{ref is first}")])
        await village.settle()
    assert len(rows(village.app.store.database, Group)) >= 2
    await goes_on(village)


async def test_what_cannot_be_resolved_is_set_aside_with_its_reason_and_shown_by_doctor(
    village: Town, capsys: pytest.CaptureFixture[str], tmp_path: Path, database_url: str
) -> None:
    from bot.channels.base import Stub

    stub = Stub("fake", "message", "nobody knows", village.clock.now(), b"{not JSON")
    await village.app.inbox.accept([stub])
    await village.settle()
    (dead,) = [row for row in rows(village.app.store.database, InboxEvent) if row.state == "dead"]
    assert "nobody knows" in dead.reason
    assert dead.sealed is None
    await goes_on(village)
    config = Config(data_dir=tmp_path / "data", database=DatabaseSettings(url=database_url))
    for finding in doctor._findings(config):
        doctor._print(finding)
    shown = capsys.readouterr().out
    assert "搁置 1" in shown
    assert "nobody knows" in shown


async def test_one_poisoned_message_of_a_batch_takes_no_other_with_it(village: Town) -> None:
    now = village.clock.now()
    ref = GroupRef(PLATFORM, "poison\x00\ud800", "毒")
    poison = Message(PLATFORM, BOT, "p", ref, PersonRef(PLATFORM, "x", "x"), now, text="在")
    stubs = []
    for number in range(9):
        message = (
            poison
            if number == 4
            else village.channel.message(GROUP, "李会计", "收到", now, native_id=f"b{number}")
        )
        stubs.append(village.channel.stub([message], now, f"s{number}"))
    before = count_of(village.app, "receipts")
    await village.app.inbox.accept(stubs)
    await village.settle()
    assert count_of(village.app, "receipts") == before + 8
    assert village.app.inbox.states().get("received") is None
    await goes_on(village)


ANY_TEXT = st.text(st.characters(blacklist_categories=()), max_size=60)
PIECES = st.lists(
    st.sampled_from(
        ["收到", "请回复", "11月27日前", "@", "1", "照片", "\n", "不用", "？", "【通知】", "请", "报送"]
    )
    | ANY_TEXT,
    max_size=8,
).map("".join)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.tuples(PIECES, PIECES, st.sampled_from(list(MessageKind))), min_size=1, max_size=8))
def test_no_talk_breaks_anything(sqlite_town: Town, talk: list[tuple[str, str, MessageKind]]) -> None:
    import asyncio

    async def live() -> None:
        before = len(messages(sqlite_town.app))
        for text, quoted, kind in talk:
            quote = Quote(text=quoted) if quoted else None
            await sqlite_town.say(GROUP, "钱支书", text, kind=kind, quote=quote, file_name=quoted)
        assert len(messages(sqlite_town.app)) == before + len(talk)
        assert counted(sqlite_town.app) == recounted(sqlite_town.app)
        assert "dead" not in sqlite_town.app.inbox.states()

    asyncio.run(live())


@pytest.fixture
def sqlite_town(tmp_path: Path) -> Town:
    import asyncio

    from bot.testing import quick_config
    from tests.conftest import MONDAY

    town = Town(quick_config(tmp_path / "data"), MONDAY)
    asyncio.run(town.found(GROUP, PEOPLE, "赵支书"))
    return town


async def test_a_reply_to_a_hostile_question_repeats_no_control_characters(village: Town) -> None:
    for words in ("登记 期限=\x1b[31m明天", "减负模式 \x1b[2J", "我的负担 \x07\x1b[1m"):
        for said in await village.ask(GROUP, "赵支书", words):
            assert "\x1b" not in said.text
            assert "\x07" not in said.text
    assert all(letter.state == "sent" for letter in outbox(village.app))
