"""The program on a gateway that misbehaves: nothing acknowledged is lost, nothing leaves twice, gaps are told."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from bot.channels.wechaty_states import LinkState
from tests.gateway_fixtures import BOT, Gateway, message
from tests.story.support import Bot, command, to, until_sent

pytestmark = pytest.mark.gateway

GROUP = "village@chatroom"
WORDS = "路上有点堵，晚点到"
ONLINE = LinkState.ONLINE.value


async def populate(gateway: Gateway) -> None:
    for who in ("zhang", "li"):
        await gateway.contact(who, f"名{who}")
    await gateway.room(GROUP, "村干部群", [BOT, "zhang", "li"], "zhang")


@pytest_asyncio.fixture
async def bot(gateway: Gateway, tmp_path: Path) -> AsyncIterator[Bot]:
    await populate(gateway)
    running = Bot(tmp_path, gateway)
    running.start()
    await running.until_logged(ONLINE)
    yield running
    running.stop()


@asynccontextmanager
async def talking(gateway: Gateway) -> AsyncIterator[list[str]]:
    """Somebody says something 20 times a second; the ids of the messages."""
    said: list[str] = []

    async def talk() -> None:
        while True:
            said.append(await gateway.say("zhang", WORDS, room=GROUP))
            await asyncio.sleep(0.05)

    task = asyncio.create_task(talk())
    try:
        yield said
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def several(said: list[str], number: int = 40) -> None:
    async with asyncio.timeout(30):
        while len(said) < number:  # noqa: ASYNC110 (what is waited for is another task's list)
            await asyncio.sleep(0.05)


async def test_gateway_killed_mid_stream_loses_nothing_but_the_gap(gateway: Gateway, bot: Bot) -> None:
    async with talking(gateway) as before:
        await several(before)
        await gateway.kill()
    await bot.until_logged(LinkState.UNREACHABLE.value)
    heard = bot.recorded()
    await gateway.start()
    began = time.monotonic()
    await bot.until_logged(ONLINE, 2, 15)
    assert time.monotonic() - began <= 10
    async with talking(gateway) as after:
        await several(after)
    await bot.until(lambda: bot.recorded() >= heard + len(after), what="all after the return")
    ids = bot.ask("SELECT native_id FROM inbox WHERE kind = 'message' ORDER BY id")
    assert ids[-len(after) :] == after
    assert set(ids) <= {*before, *after}
    assert bot.ask("SELECT count(*) FROM gap") == [1]
    told = bot.jianfu("doctor")
    assert "断线：近7天 1 段" in told
    assert "期间消息可能未计" in told


async def test_gateway_frozen_for_15_seconds_loses_nothing(gateway: Gateway, bot: Bot) -> None:
    async with talking(gateway) as said:
        await several(said)
        gateway.freeze()
        began = time.monotonic()
        await bot.until_logged(LinkState.SILENT.value)
        assert bot.alive
        await asyncio.sleep(15 - (time.monotonic() - began))  # the length of the freeze is what is tested
        gateway.thaw()
        await bot.until_logged(ONLINE, 2, 15)
        await several(said, len(said) + 20)
    await bot.until_recorded(len(said))
    assert bot.ask("SELECT count(*) FROM gap") == [1]


async def test_wrong_token_is_said_and_the_program_lives_on(gateway: Gateway, tmp_path: Path) -> None:
    bot = Bot(tmp_path, gateway, token="another-token")  # noqa: S106 (an invented one)
    bot.start()
    try:
        await bot.until_logged("channel.token")
        assert LinkState.REFUSED.value in bot.log()
        told = bot.jianfu("doctor")
        assert LinkState.REFUSED.value in told
        assert "请核对 channel.token" in told
        assert bot.alive
        assert "another-token" not in bot.log() + told
    finally:
        assert bot.stop() == 0


async def test_gateway_that_comes_later_is_found(make_gateway: Callable[[], Gateway], tmp_path: Path) -> None:
    gateway = make_gateway()
    bot = Bot(tmp_path, gateway)
    bot.start()
    try:
        await bot.until_logged(LinkState.UNREACHABLE.value)
        await gateway.start()
        began = time.monotonic()
        await bot.until_logged(ONLINE, 1, 15)
        assert time.monotonic() - began <= 10
        await populate(gateway)
        await gateway.say("zhang", WORDS, room=GROUP)
        await bot.until_recorded(1)
        assert "有回应，令牌正确" in bot.jianfu("doctor")
    finally:
        assert bot.stop() == 0


async def test_second_client_waits_and_does_not_disturb_the_first(
    gateway: Gateway, bot: Bot, tmp_path: Path
) -> None:
    (tmp_path / "second").mkdir()
    second = Bot(tmp_path / "second", gateway)
    second.start()
    try:
        await second.until_logged(LinkState.TAKEN.value)
        async with talking(gateway) as said:
            await several(said)
        await bot.until_recorded(len(said))
        assert second.alive
        assert second.recorded() == 0
        assert bot.stop() == 0
        await second.until_logged(ONLINE, 1, 15)  # the place is free
    finally:
        second.stop()


async def test_failing_calls_and_strange_events_lose_and_double_nothing(gateway: Gateway, bot: Bot) -> None:
    for call in ("messagePayload", "roomPayload", "contactPayload", "roomMemberPayload"):
        await gateway.do("fail", rpc=call, every=10)
    await gateway.do("rawEvent", type=99, payload='{"new": "thing"}')
    await gateway.do("rawEvent", type=19, payload="{broken")
    payloads = [message("zhang", f"{WORDS}{number}", room=GROUP) for number in range(200)]
    ids = await gateway.do("burst", payloads=payloads)
    for again in ids[::20]:
        await gateway.do("redeliver", message=again)
    last = await gateway.say("li", "收到", room=GROUP)
    await gateway.do("redeliver", message=last)
    await bot.until_recorded(201)
    assert sorted(bot.ask("SELECT native_id FROM message")) == sorted([*ids, last])
    assert bot.ask("SELECT sum(count) FROM daily_count WHERE kind = 'messages'") == [201]
    await bot.until(
        lambda: bot.ask("SELECT count(*) FROM inbox WHERE state = 'received'") == [0], what="all worked off"
    )
    assert bot.ask("SELECT kind FROM inbox WHERE state = 'dead'") == ["room-join"]
    assert "未知类型 99" in bot.log()
    assert "room-join 事件" in bot.jianfu("doctor")


async def test_a_send_whose_answer_is_lost_is_unknown_and_never_sent_again(
    gateway: Gateway, bot: Bot
) -> None:
    await gateway.do("lose", rpc="messageSendText", count=2)
    await gateway.say("li", "帮助")
    await until_sent(gateway, lambda sent: bool(to(sent, "li")))
    assert bot.stop() == 0  # in the middle of a send
    assert bot.ask("SELECT state FROM outbox") == ["unknown"]
    bot.start()
    await bot.until_logged(ONLINE, 2)
    await gateway.say("zhang", "帮助")
    sent = await until_sent(gateway, lambda sent: bool(to(sent, "zhang")))
    assert len(to(sent, "li")) == 1
    await gateway.restart()  # before it could answer
    await bot.until(lambda: bot.ask("SELECT state FROM outbox") == ["unknown"] * 2, what="both unknown")
    await bot.until_logged(ONLINE, 3)
    assert "帮助" in await command(gateway, "li", "帮助")
    assert bot.ask("SELECT state FROM outbox ORDER BY id") == ["unknown", "unknown", "sent"]
    assert {item["to"] for item in await gateway.sent()} == {"li"}
    told = bot.jianfu("doctor")
    assert "送达不明 2" in told
    assert "不会自动重发" in told


async def test_a_gap_while_the_program_did_not_run_is_told(gateway: Gateway, bot: Bot) -> None:
    assert bot.stop() == 0
    await gateway.say("zhang", WORDS, room=GROUP)
    bot.start()
    await bot.until_logged(ONLINE, 2)
    assert bot.recorded() == 0
    assert "程序没有运行" in bot.jianfu("doctor")
