import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio

from bot.channels.base import Outgoing, Target
from bot.channels.console import ConsoleChannel
from bot.channels.console_lines import HELP, Said, Told, parse_line
from bot.clock import SystemClock
from bot.errors import UsageError
from bot.events import GroupSnapshot, Message, MessageKind, Recall, Role
from tests.channels.contract import ChannelContract, ChannelHarness, MemoryInbox, running, until

GROUP = "村干部群"


class ConsoleHarness:
    def __init__(self) -> None:
        self.written: list[str] = []
        self.inbox = MemoryInbox()
        self.channel = ConsoleChannel("console", SystemClock(), lines=_silence(), write=self.written.append)
        self.group_id = GROUP
        self.people = {name: name for name in ("张三", "李四", "王五")}

    async def populate(self) -> None:
        await self.channel.hear(f"/join [{GROUP}] 张三 李四")
        await self.channel.hear(f"/owner [{GROUP}] 张三")
        await self.channel.hear("(私聊) 王五: 你好")
        self.inbox.stubs.clear()

    async def says(self, name: str, text: str, mentions: Sequence[str] = ()) -> None:
        called = "".join(f"@{m} " for m in mentions)
        await self.channel.hear(f"[{GROUP}] {name}: {called}{text}")

    async def says_privately(self, name: str, text: str) -> None:
        await self.channel.hear(f"(私聊) {name}: {text}")

    async def shows_picture(self, name: str) -> None:
        await self.channel.hear(f"[{GROUP}] {name}: [图片]")

    async def joins(self, name: str) -> None:
        await self.channel.hear(f"/join [{GROUP}] {name}")

    async def leaves(self, name: str) -> None:
        await self.channel.hear(f"/leave [{GROUP}] {name}")

    async def renames(self, topic: str) -> None:
        await self.channel.hear(f"/topic [{GROUP}] {topic}")

    async def delivered(self) -> list[tuple[str, str]]:
        found = []
        for line in self.written:
            place, _, text = line.partition(" ")[2].partition(" 减负助手: ")
            to = place.removeprefix("(私聊 ").removesuffix(")").strip("[]")
            found.append((to, text))
        return found


async def _silence() -> AsyncIterator[str]:
    await asyncio.Event().wait()
    yield ""


async def _lines(*lines: str) -> AsyncIterator[str]:
    for line in lines:
        yield line


class TestConsole(ChannelContract):
    @pytest_asyncio.fixture
    async def harness(self) -> AsyncIterator[ConsoleHarness]:
        made = ConsoleHarness()
        async with running(made.channel, made.inbox):
            await made.populate()
            yield made

    async def test_message_comes_after_the_snapshot_of_its_group(self, harness: ChannelHarness) -> None:
        # The members of the prepared group were told when they were typed; a new group is new.
        assert isinstance(harness.channel, ConsoleChannel)
        message_id = await harness.channel.hear("[新群] 张三: 收到请回复")
        snapshot, message = await self.events(harness)
        assert isinstance(snapshot, GroupSnapshot)
        assert isinstance(message, Message)
        assert [m.role for m in snapshot.members] == [Role.MEMBER, Role.OWNER]
        assert message.native_id == message_id


async def test_a_new_speaker_is_told_before_the_message() -> None:
    harness = ConsoleHarness()
    async with running(harness.channel, harness.inbox):
        await harness.says("张三", "通知")
        await harness.says("张三", "再说")
        await harness.says("李四", "收到")
        sizes = [len(await harness.channel.resolve(s)) for s in harness.inbox.stubs]
    assert sizes == [2, 1, 2]


async def test_reads_lines_until_the_input_ends() -> None:
    inbox = MemoryInbox()
    lines = _lines("[群] 张三: 通知\n", "\n", "[群] 李四 >1: 收到\r\n")
    channel = ConsoleChannel("console", SystemClock(), lines=lines, write=lambda _: None)
    async with running(channel, inbox):
        await until(channel.finished.is_set)
        message = (await channel.resolve(inbox.stubs[1]))[-1]
    assert isinstance(message, Message)
    assert message.text == "收到"
    assert message.quote is not None
    assert message.quote.text == "通知"
    assert message.quote.sender_name == "张三"
    assert message.quote.message_id == inbox.stubs[0].native_id


async def test_quit_ends_the_input() -> None:
    inbox = MemoryInbox()
    lines = _lines("/quit", "[群] 张三: 不再听")
    channel = ConsoleChannel("console", SystemClock(), lines=lines, write=lambda _: None)
    async with running(channel, inbox):
        await until(channel.finished.is_set)
    assert inbox.stubs == []


async def test_wrong_lines_get_an_answer_and_nothing_else() -> None:
    harness = ConsoleHarness()
    async with running(harness.channel, harness.inbox):
        for line in (
            "收到",
            "/help",
            "/dance",
            "/join 张三",
            "[群] 张三 >99: 为什么",
            "/recall 7",
            "[群] 减负助手: 我",
        ):
            assert await harness.channel.hear(line) is None
    assert harness.inbox.stubs == []
    assert harness.written[1] == HELP
    assert len(harness.written) == 7


async def test_recalls_of_both_sides() -> None:
    harness = ConsoleHarness()
    async with running(harness.channel, harness.inbox):
        typed = await harness.channel.hear("(私聊) 张三: 发错了")
        await harness.channel.hear("/recall 1")
        (recall,) = await harness.channel.resolve(harness.inbox.stubs[1])
        sent = await harness.channel.send(Outgoing(Target(person_id="张三"), "你好"))
        assert sent is not None
        assert await harness.channel.recall(sent)
    assert isinstance(recall, Recall)
    assert recall.message_id == typed
    assert harness.written[-1] == "(已撤回 #2)"


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("[群] 张三: 收到", Said("群", "张三", "收到")),
        ("[群]张三：收到：好", Said("群", "张三", "收到：好")),
        ("［群 一］ 张 三 : ", Said("群 一", "张 三", "")),
        ("（私聊）张三：我的负担", Said(None, "张三", "我的负担")),
        ("[群] 张三 >12: 为什么", Said("群", "张三", "为什么", quoted=12)),
        ("[群] 张三: [图片]", Said("群", "张三", "", MessageKind.IMAGE)),
        ("[群] 张三: [文件]台账.xlsx", Said("群", "张三", "", MessageKind.FILE, "台账.xlsx")),
        ("[群] 张三: [接龙]1. 张三", Said("群", "张三", "1. 张三", MessageKind.CHAIN)),
        ("[群] 张三: [抱拳]", Said("群", "张三", "[抱拳]")),
        ("/join [群] 李四 王五", Told("join", "群", ("李四", "王五"))),
        ("/topic [群] 防汛 群", Told("topic", "群", ("防汛", "群"))),
        ("/quit", Told("quit")),
    ],
)
def test_lines_are_read(line: str, read: Said | Told) -> None:
    assert parse_line(line) == read


@pytest.mark.parametrize(
    "line", ["", "张三: 收到", "[群] 张三", "[] 张三: 收到", "/", "/topic [群]", "/recall 一"]
)
def test_other_lines_are_refused(line: str) -> None:
    with pytest.raises(UsageError):
        parse_line(line)
