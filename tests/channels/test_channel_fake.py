"""The fake channel keeps the contract that the real ones keep."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from bot.channels.base import Outgoing, Target
from bot.channels.fake import BOT, FakeChannel
from bot.errors import GatewayUnavailableError, SendRefusedError
from bot.events import MessageKind
from tests.channels.contract import ChannelContract, MemoryInbox, running

GROUP = "村干部群"
AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


class FakeHarness:
    def __init__(self) -> None:
        self.inbox = MemoryInbox()
        self.channel = FakeChannel()
        self.group_id = GROUP
        self.people = {name: name for name in ("张三", "李四", "王五")}
        self.channel.add_group(GROUP, ["张三", "李四"], "张三")

    async def says(self, name: str, text: str, mentions: Sequence[str] = ()) -> None:
        await self.channel.say(GROUP, name, text, AT, mentions=tuple(mentions))

    async def says_privately(self, name: str, text: str) -> None:
        await self.channel.say(None, name, text, AT)

    async def shows_picture(self, name: str) -> None:
        await self.channel.say(GROUP, name, "", AT, kind=MessageKind.IMAGE)

    async def joins(self, name: str) -> None:
        await self.channel.join(GROUP, name, AT)

    async def leaves(self, name: str) -> None:
        await self.channel.leave(GROUP, name, AT)

    async def renames(self, topic: str) -> None:
        await self.channel.rename(GROUP, topic, AT)

    async def delivered(self) -> list[tuple[str, str]]:
        return [
            (said.group or said.person or "", said.text or Path(said.file_path or "").name)
            for said in self.channel.said
        ]


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeHarness]:
    made = FakeHarness()
    async with running(made.channel, made.inbox):
        yield made


class TestFake(ChannelContract):
    @pytest_asyncio.fixture
    async def harness(self, fake: FakeHarness) -> FakeHarness:
        return fake


async def test_a_message_of_the_bot_can_be_recalled_unless_the_platform_refuses(fake: FakeHarness) -> None:
    sent = await fake.channel.send(Outgoing(Target(group_id=GROUP), "说错了"))
    assert sent is not None
    assert await fake.channel.recall(sent)
    fake.channel.recall_works = False
    assert not await fake.channel.recall(sent)
    assert fake.channel.recalled == [sent]


async def test_who_is_no_friend_cannot_be_reached(fake: FakeHarness) -> None:
    fake.channel.unreachable.add("李四")
    with pytest.raises(SendRefusedError, match="好友"):
        await fake.channel.send(Outgoing(Target(person_id="李四"), "你的负担"))


async def test_nothing_is_delivered_by_a_channel_that_does_not_run() -> None:
    with pytest.raises(GatewayUnavailableError):
        await FakeChannel().say(None, BOT, "有人吗", AT)
