"""What the Wechaty channel does when the gateway misbehaves, on a real gateway that does."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest
from loguru import logger

from bot.channels.base import Outgoing, Target
from bot.channels.wechaty import WechatyChannel
from bot.channels.wechaty_limits import WechatyLimits
from bot.channels.wechaty_rpc import GatewayRpc, RpcError
from bot.channels.wechaty_states import LinkState, check_gateway
from bot.clock import SystemClock
from bot.errors import GatewayUnavailableError, SendRefusedError, SendUncertainError
from bot.events import Message
from tests.channels.contract import MemoryInbox, running, until
from tests.gateway_fixtures import BOT, Gateway

pytestmark = pytest.mark.gateway

GROUP = "g1@chatroom"
LIMITS = WechatyLimits()
WORDS = "身份证号丢了"  # must be in no log


class Rig:
    def __init__(
        self,
        gateway: Gateway,
        data_dir: Path,
        token: str = "",
        limits: WechatyLimits = LIMITS,
        port: int = 0,
    ) -> None:
        self.gateway = gateway
        self.inbox = MemoryInbox()
        self.channel = WechatyChannel(
            "wechaty",
            f"127.0.0.1:{port or gateway.port}",
            token or gateway.token,
            data_dir=data_dir,
            clock=SystemClock(),
            limits=limits,
        )

    async def populate(self) -> None:
        await self.gateway.contact("wxid_zhang", "张三")
        await self.gateway.room(GROUP, "村干部群", [BOT, "wxid_zhang"], "wxid_zhang")

    async def talk(self, sent: list[str], every: float = 0.02) -> None:
        """Say something again and again until cancelled; `sent` gets the ids."""
        while True:
            sent.append(await self.gateway.say("wxid_zhang", WORDS, room=GROUP))
            await asyncio.sleep(every)


@pytest.fixture
def log_lines() -> Iterator[list[str]]:
    """Everything that is logged."""
    lines: list[str] = []
    sink = logger.add(lambda line: lines.append(str(line)), format="{level} {message}", level=0)
    yield lines
    logger.remove(sink)


def told(lines: list[str], state: LinkState) -> int:
    return sum(state.value in line for line in lines)


@asynccontextmanager
async def talking(rig: Rig) -> AsyncIterator[list[str]]:
    sent: list[str] = []
    task = asyncio.create_task(rig.talk(sent))
    try:
        yield sent
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def called(gateway: Gateway, call: str, times: int) -> None:
    """Wait until the gateway was asked so often."""
    began = time.monotonic()
    while (await gateway.calls()).get(call, 0) < times:
        assert time.monotonic() - began < 20, f"{call} was not called {times} times"
        await asyncio.sleep(0.02)


async def dings(gateway: Gateway, more: int) -> None:
    """Wait for so many more rounds of the watch."""
    await called(gateway, "ding", (await gateway.calls())["ding"] + more)


async def test_restarted_mid_stream(gateway: Gateway, tmp_path: Path, log_lines: list[str]) -> None:
    rig = Rig(gateway, tmp_path)
    await rig.populate()
    async with running(rig.channel, rig.inbox):
        async with talking(rig) as sent:
            await until(lambda: len(sent) > 20)
        await until(lambda: rig.inbox.ids() == sent)
        await gateway.kill()
        await until(lambda: not rig.channel.connected)
        with pytest.raises(SendRefusedError):
            await rig.channel.send(Outgoing(Target(group_id=GROUP), "此刻发不出"))
        with pytest.raises(GatewayUnavailableError):
            await rig.channel.resolve(rig.inbox.stubs[-1])
        await asyncio.sleep(5)  # long enough for the pauses between attempts to reach their cap
        await gateway.start()
        assert await until(lambda: rig.channel.connected, 10, "connected again") <= 10
        async with talking(rig) as later:
            await until(lambda: len(later) > 20)
        await until(lambda: rig.inbox.ids() == sent + later, what="all after the return")
        (*_, last) = await rig.channel.resolve(rig.inbox.stubs[-1])
        assert isinstance(last, Message)
        assert await gateway.sent() == []
    (gap,) = rig.inbox.gaps
    assert gap.began_at < gap.ended_at
    assert (gap.ended_at - gap.began_at).total_seconds() > 5
    assert told(log_lines, LinkState.ONLINE) == 2
    assert told(log_lines, LinkState.UNREACHABLE) == 1
    assert WORDS not in "".join(log_lines)
    assert gateway.token not in "".join(log_lines)


async def test_frozen_for_15_seconds(gateway: Gateway, tmp_path: Path, log_lines: list[str]) -> None:
    rig = Rig(gateway, tmp_path)
    await rig.populate()
    async with running(rig.channel, rig.inbox):
        async with talking(rig) as sent:
            await until(lambda: len(sent) > 10)
            gateway.freeze()
            began = time.monotonic()
            await until(lambda: not rig.channel.connected, 10, "noticed")
            with pytest.raises(SendRefusedError):
                await rig.channel.send(Outgoing(Target(group_id=GROUP), "此刻发不出"))
            await asyncio.sleep(15 - (time.monotonic() - began))
            gateway.thaw()
            await until(lambda: rig.channel.connected, 10, "answering again")
            count = len(sent)
            await until(lambda: len(sent) > count + 10)
        await until(lambda: rig.inbox.ids() == sent, what="every message, those of the thaw too")
    assert len(rig.inbox.gaps) == 1
    assert told(log_lines, LinkState.SILENT) == 1


async def test_wrong_token_is_told_once_and_tried_on(
    gateway: Gateway, tmp_path: Path, log_lines: list[str]
) -> None:
    mine = "another-" + gateway.token
    rig = Rig(gateway, tmp_path, mine)
    async with running(rig.channel, rig.inbox, connect=False):
        await until(lambda: told(log_lines, LinkState.REFUSED) == 1)
        assert not rig.channel.connected
        await gateway.kill()
        gateway.token = mine
        await gateway.start()
        await until(lambda: rig.channel.connected, 10, "connected with the right token")
    assert told(log_lines, LinkState.REFUSED) == 1
    assert mine not in "".join(log_lines)


async def test_down_at_start(
    make_gateway: Callable[[], Gateway], tmp_path: Path, log_lines: list[str]
) -> None:
    gateway = make_gateway()
    rig = Rig(gateway, tmp_path)
    async with running(rig.channel, rig.inbox, connect=False):
        await until(lambda: told(log_lines, LinkState.UNREACHABLE) == 1)
        await gateway.start()
        await rig.populate()
        await until(lambda: rig.channel.connected, 10, "connected")
        sent = await gateway.say("wxid_zhang", WORDS, room=GROUP)
        await until(lambda: rig.inbox.ids() == [sent])
    (gap,) = rig.inbox.gaps
    assert gap.reason == LinkState.UNREACHABLE


async def test_second_client_is_refused_and_takes_nothing(
    gateway: Gateway, tmp_path: Path, log_lines: list[str]
) -> None:
    first, second = Rig(gateway, tmp_path / "1"), Rig(gateway, tmp_path / "2")
    await first.populate()
    async with running(first.channel, first.inbox):
        async with running(second.channel, second.inbox, connect=False):
            await until(lambda: told(log_lines, LinkState.TAKEN) == 1)
            async with talking(first) as sent:
                await until(lambda: len(sent) > 10)
            await until(lambda: first.inbox.ids() == sent)
            assert second.inbox.ids() == []
            assert not second.channel.connected
        assert first.channel.connected
    assert told(log_lines, LinkState.TAKEN) == 1


async def test_takeover_by_a_client_that_stops_the_puppet(
    gateway: Gateway, tmp_path: Path, log_lines: list[str]
) -> None:
    rig = Rig(gateway, tmp_path)
    await rig.populate()
    async with running(rig.channel, rig.inbox):
        await _take_over(gateway)
        await until(lambda: told(log_lines, LinkState.ENDED) == 1)
        await gateway.do("login", contact=BOT)
        await until(lambda: rig.channel.connected, 10, "connected again")
        sent = await gateway.say("wxid_zhang", WORDS, room=GROUP)
        await until(lambda: rig.inbox.ids() == [sent])
    assert len(rig.inbox.gaps) == 1


async def test_a_mute_stream_is_listened_to_again(
    gateway: Gateway, tmp_path: Path, log_lines: list[str]
) -> None:
    limits = replace(LIMITS, ding_every=0.1)
    rig = Rig(gateway, tmp_path, limits=limits)
    async with running(rig.channel, rig.inbox):
        await dings(gateway, 10)
        assert told(log_lines, LinkState.MUTE) == 0
        await gateway.do("mute", on=True)
        await until(lambda: told(log_lines, LinkState.MUTE) == 1)
        await gateway.do("mute", on=False)
        await until(lambda: rig.channel.connected, 10)
        await until(lambda: len(rig.inbox.gaps) >= 1)
    assert rig.inbox.gaps[0].reason == LinkState.MUTE


async def test_a_puppet_that_knows_no_ding_is_alive_all_the_same(gateway: Gateway, tmp_path: Path) -> None:
    await gateway.do("fail", rpc="ding", every=1)
    rig = Rig(gateway, tmp_path, limits=replace(LIMITS, ding_every=0.1))
    async with running(rig.channel, rig.inbox):
        await dings(gateway, 10)
        assert rig.channel.connected
    assert rig.inbox.gaps == []


class Wire:
    """A way to the gateway on which what is under way can be swallowed, as a lost route does."""

    def __init__(self, port: int) -> None:
        self.port = 0
        self._to = port
        self._open: list[asyncio.Event] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    def swallow(self) -> None:
        """Let nothing more through on the connections that are open now."""
        for flowing in self._open:
            flowing.clear()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        flowing = asyncio.Event()
        flowing.set()
        self._open.append(flowing)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        await asyncio.gather(
            self._carry(reader, far_writer, flowing), self._carry(far_reader, writer, flowing)
        )

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flowing: asyncio.Event
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                if flowing.is_set():
                    writer.write(data)
                    await writer.drain()
        # The far end hears of it, or the gateway would go on holding its event stream for us.
        writer.close()


async def test_a_connection_that_swallows_everything_is_given_up(
    gateway: Gateway, tmp_path: Path, log_lines: list[str]
) -> None:
    limits = replace(LIMITS, ding_every=0.2, ding_deadline=0.5)
    async with Wire(gateway.port) as wire:
        rig = Rig(gateway, tmp_path, limits=limits, port=wire.port)
        await rig.populate()
        async with running(rig.channel, rig.inbox):
            wire.swallow()
            await until(lambda: not rig.channel.connected)
            await until(lambda: rig.channel.connected, 10, "connected anew")
            sent = await gateway.say("wxid_zhang", WORDS, room=GROUP)
            await until(lambda: rig.inbox.ids() == [sent])
    assert len(rig.inbox.gaps) == 1
    assert told(log_lines, LinkState.SILENT) == 1


async def test_nobody_logged_in_is_told_and_the_puppet_started(
    make_gateway: Callable[[], Gateway], tmp_path: Path, log_lines: list[str]
) -> None:
    gateway = make_gateway()
    gateway.log_in_at_start = False
    await gateway.start()
    limits = replace(LIMITS, ding_every=0.2, login_patience=0.5, restart_patience=1.0, restarts=2)
    rig = Rig(gateway, tmp_path, limits=limits)
    async with running(rig.channel, rig.inbox, connect=False):
        await until(lambda: told(log_lines, LinkState.WAITING) >= 1)
        await until(lambda: sum("第 2 次" in line for line in log_lines) == 1, what="two restarts")
        await dings(gateway, 15)  # a third one would come in this time
        assert sum("停止并重新启动" in line for line in log_lines) == 2
        await gateway.do("login", contact=BOT)
        await until(lambda: rig.channel.connected, 10)


async def test_login_code_is_waited_for_and_nothing_restarted(
    make_gateway: Callable[[], Gateway], tmp_path: Path, log_lines: list[str]
) -> None:
    gateway = make_gateway()
    gateway.log_in_at_start = False
    await gateway.start()
    await gateway.do("scan")
    limits = replace(LIMITS, ding_every=0.2, login_patience=0.5, restart_patience=1.0)
    rig = Rig(gateway, tmp_path, limits=limits)
    async with running(rig.channel, rig.inbox, connect=False):
        await until(lambda: told(log_lines, LinkState.SCAN) == 1)
        await dings(gateway, 15)
        assert "停止并重新启动" not in "".join(log_lines)
        assert "example.invalid" not in "".join(log_lines)
        await gateway.do("login", contact=BOT)
        await until(lambda: rig.channel.connected, 10)


async def test_logout_is_told_and_a_gap_until_the_login(
    gateway: Gateway, tmp_path: Path, log_lines: list[str]
) -> None:
    rig = Rig(gateway, tmp_path)
    async with running(rig.channel, rig.inbox):
        await gateway.do("logout")
        await until(lambda: not rig.channel.connected)
        assert rig.channel.account_id == BOT
        await gateway.do("login", contact=BOT)
        await until(lambda: rig.channel.connected)
        await until(lambda: len(rig.inbox.gaps) == 1)
    assert rig.inbox.gaps[0].reason == LinkState.WAITING


async def test_lost_answer_of_a_send_is_uncertain_and_sent_once(gateway: Gateway, tmp_path: Path) -> None:
    rig = Rig(gateway, tmp_path, limits=replace(LIMITS, send_deadline=1.0))
    await rig.populate()
    async with running(rig.channel, rig.inbox):
        await gateway.do("lose", rpc="messageSendText", count=1)
        with pytest.raises(SendUncertainError, match="重发前"):
            await rig.channel.send(Outgoing(Target(group_id=GROUP), "回执：两人"))
        assert [s["text"] for s in await gateway.sent()] == ["回执：两人"]
        assert rig.channel.connected


async def test_gateway_killed_while_sending_is_uncertain(gateway: Gateway, tmp_path: Path) -> None:
    rig = Rig(gateway, tmp_path)
    await rig.populate()
    async with running(rig.channel, rig.inbox):
        await gateway.do("delay", rpc="messageSendText", milliseconds=20_000)
        sending = asyncio.create_task(rig.channel.send(Outgoing(Target(group_id=GROUP), "回执")))
        await called(gateway, "messageSendText", 1)
        await gateway.kill()
        with pytest.raises(SendUncertainError):
            await sending


@pytest.mark.parametrize(
    ("words", "error", "match"),
    [
        ("操作频繁，请稍后再试", SendRefusedError, "操作频繁"),
        ("Rate exceeded: rate limit", SendRefusedError, "操作频繁"),
        ("not logged in", SendRefusedError, "没有账号登录"),
        (f"timeout while sending {WORDS}", SendUncertainError, "可能已发送"),
    ],
)
async def test_refusal_by_the_platform_is_understood_and_not_quoted(
    gateway: Gateway, tmp_path: Path, words: str, error: type[Exception], match: str
) -> None:
    rig = Rig(gateway, tmp_path)
    await rig.populate()
    async with running(rig.channel, rig.inbox):
        await gateway.do("sendError", message=words)
        with pytest.raises(error, match=match) as raised:
            await rig.channel.send(Outgoing(Target(group_id=GROUP), "回执"))
    assert WORDS not in str(raised.value)


async def test_slow_payloads_do_not_hold_up_receiving(gateway: Gateway, tmp_path: Path) -> None:
    rig = Rig(gateway, tmp_path, limits=replace(LIMITS, call_deadline=0.5))
    await rig.populate()
    await gateway.do("delay", rpc="messagePayload", milliseconds=5_000)
    async with running(rig.channel, rig.inbox):
        await gateway.say("wxid_zhang", WORDS, room=GROUP)
        await until(lambda: len(rig.inbox.stubs) == 1)
        with pytest.raises(GatewayUnavailableError, match="限时"):
            await rig.channel.resolve(rig.inbox.stubs[0])
        await gateway.say("wxid_zhang", WORDS, room=GROUP)
        await until(lambda: len(rig.inbox.stubs) == 2)


async def _take_over(gateway: Gateway) -> None:
    """Do what the SDK's start() does first: stop the puppet, which ends the other's stream and the login."""
    from wechaty_grpc.wechaty import puppet

    rpc = GatewayRpc(gateway.endpoint, gateway.token, 10)
    try:
        await rpc.call("Stop", puppet.StopRequest(), puppet.StopResponse)
        await rpc.call("Start", puppet.StartRequest(), puppet.StartResponse)
    finally:
        rpc.close()


async def test_a_gateway_is_checked_without_disturbing_the_bot(gateway: Gateway, tmp_path: Path) -> None:
    rig = Rig(gateway, tmp_path)
    async with running(rig.channel, rig.inbox):
        assert await check_gateway(gateway.endpoint, gateway.token) is None
        assert await check_gateway(gateway.endpoint, "another") is LinkState.REFUSED
        assert rig.channel.connected
    await gateway.kill()
    assert await check_gateway(gateway.endpoint, gateway.token) is LinkState.UNREACHABLE
    assert rig.inbox.gaps == []


async def test_closed_connection_stays_closed(gateway: Gateway) -> None:
    from wechaty_grpc.wechaty import puppet

    rpc = GatewayRpc(gateway.endpoint, gateway.token, 10)
    rpc.close()
    with pytest.raises(RpcError, match="已关闭") as raised:
        await rpc.call("Ding", puppet.DingRequest(), puppet.DingResponse)
    assert not raised.value.left
