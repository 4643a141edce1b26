"""What every channel must do; a subclass gives it a `harness` and gets the whole suite.

class TestMyChannel(ChannelContract):
    @pytest_asyncio.fixture
    async def harness(self, ...):
        async with running(MyHarness(...)) as started:
            yield started
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

from bot.channels.base import Channel, Outgoing, Stub, Target
from bot.errors import PayloadError, SendRefusedError
from bot.events import (
    Event,
    Gap,
    GroupSnapshot,
    MembershipChange,
    Message,
    MessageKind,
    Role,
    TopicChange,
)

_PATIENCE = 15.0

E = TypeVar("E", bound=Event)


class MemoryInbox:
    """An inbox in memory: knows what it has, drops a second delivery, keeps order."""

    def __init__(self) -> None:
        self.stubs: list[Stub] = []
        self.rooms: list[Stub] = []  # groups known at login; they come whenever the platform lists them
        self.gaps: list[Gap] = []
        self.deliveries = 0
        self._known: set[tuple[str, str, str]] = set()

    async def accept(self, stubs: Sequence[Stub]) -> None:
        for stub in stubs:
            seen = stub.kind == "room-seen"
            self.deliveries += not seen
            key = (stub.channel, stub.kind, stub.native_id)
            if key not in self._known:
                self._known.add(key)
                (self.rooms if seen else self.stubs).append(stub)

    async def gap(self, began_at: datetime, ended_at: datetime, reason: str) -> None:
        self.gaps.append(Gap("memory", began_at, ended_at, reason))

    def ids(self) -> list[str]:
        return [s.native_id for s in self.stubs if s.kind == "message"]


class ChannelHarness(Protocol):
    """A channel under test, with a platform behind it on which people can act.

    The group exists with 张三 (owner), 李四 and the bot in it; 王五 exists outside.
    """

    inbox: MemoryInbox
    group_id: str
    people: dict[str, str]  # name -> native id; has 张三, 李四, 王五

    @property
    def channel(self) -> Channel: ...

    async def says(self, name: str, text: str, mentions: Sequence[str] = ()) -> None: ...
    async def says_privately(self, name: str, text: str) -> None: ...
    async def shows_picture(self, name: str) -> None: ...
    async def joins(self, name: str) -> None: ...
    async def leaves(self, name: str) -> None: ...
    async def renames(self, topic: str) -> None: ...
    async def delivered(self) -> list[tuple[str, str]]: ...  # native id of the target, text or file name


async def until(reached: Callable[[], bool], seconds: float = _PATIENCE, what: str = "") -> float:
    """Wait for a condition; return how long it took."""
    began = time.monotonic()
    while not reached():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"not within {seconds} s: {what or reached}")
        await asyncio.sleep(0.01)
    return time.monotonic() - began


@asynccontextmanager
async def running(channel: Channel, inbox: MemoryInbox, *, connect: bool = True) -> AsyncIterator[None]:
    """Run a channel for as long as the block lasts."""
    task = asyncio.create_task(channel.run(inbox))
    try:
        if connect:
            await until(lambda: channel.connected or task.done(), what="connected")
        yield
    finally:
        task.cancel()
        result = (await asyncio.gather(task, return_exceptions=True))[0]
    assert isinstance(result, asyncio.CancelledError), f"run() ended by itself: {result!r}"


class ChannelContract:
    """The suite."""

    async def events(self, harness: ChannelHarness, since: int = 0) -> list[Event]:
        """Resolve what arrived after the first `since` stubs, in order of arrival."""
        found: list[Event] = []
        for stub in harness.inbox.stubs[since:]:
            found += await harness.channel.resolve(stub)
        return found

    async def next_event(self, harness: ChannelHarness, kind: type[E], since: int = 0) -> E:
        """Wait for one more stub and return the only event of this kind."""
        await until(lambda: len(harness.inbox.stubs) > since, what="a stub")
        found = [e for e in await self.events(harness, since) if isinstance(e, kind)]
        assert len(found) == 1
        return found[0]

    async def test_knows_its_account_once_connected(self, harness: ChannelHarness) -> None:
        assert harness.channel.connected
        assert harness.channel.account_id

    async def test_message_comes_after_the_snapshot_of_its_group(self, harness: ChannelHarness) -> None:
        await harness.says("张三", "请各村收到请回复")
        await until(lambda: bool(harness.inbox.stubs))
        snapshot, message = await self.events(harness)
        assert isinstance(snapshot, GroupSnapshot)
        assert isinstance(message, Message)
        assert snapshot.group == message.group
        assert snapshot.complete
        roles = {m.person.native_id: m.role for m in snapshot.members}
        assert roles[harness.people["张三"]] is Role.OWNER
        assert roles[harness.people["李四"]] is Role.MEMBER
        bots = {m.person.native_id for m in snapshot.members if m.person.is_bot}
        assert bots == {harness.channel.account_id}

    async def test_group_message_says_who_where_when_and_what(self, harness: ChannelHarness) -> None:
        await harness.says("张三", "请各村收到请回复")
        message = await self.next_event(harness, Message)
        assert message.text == "请各村收到请回复"
        assert message.kind is MessageKind.TEXT
        assert message.group is not None
        assert message.group.native_id == harness.group_id
        assert message.sender.native_id == harness.people["张三"]
        assert message.sender.name == "张三"
        assert message.platform == harness.channel.platform
        assert message.account == harness.channel.account_id
        assert message.sent_at.utcoffset() == timedelta(0)
        assert not message.own
        assert not message.history

    async def test_private_message_has_no_group(self, harness: ChannelHarness) -> None:
        await harness.says_privately("李四", "我的负担")
        message = await self.next_event(harness, Message)
        assert message.group is None
        assert message.sender.native_id == harness.people["李四"]

    async def test_picture_is_an_image(self, harness: ChannelHarness) -> None:
        await harness.shows_picture("李四")
        assert (await self.next_event(harness, Message)).kind is MessageKind.IMAGE

    async def test_mentions_are_ids(self, harness: ChannelHarness) -> None:
        bot = harness.channel.account_id
        assert bot is not None
        await harness.says("李四", "在吗", mentions=[bot, harness.people["张三"]])
        message = await self.next_event(harness, Message)
        assert set(message.mentions) == {bot, harness.people["张三"]}
        assert not message.mentions_all

    async def test_call_to_everybody_is_seen(self, harness: ChannelHarness) -> None:
        await harness.says("张三", "@所有人 明天开会")
        assert (await self.next_event(harness, Message)).mentions_all

    @pytest.mark.parametrize("text", ["👌", "收到\n\n\n", "=1+1", "\u202e反", "a\0b", "x" * 1_000_000])
    async def test_odd_text_arrives(self, harness: ChannelHarness, text: str) -> None:
        await harness.says("张三", text)
        message = await self.next_event(harness, Message)
        assert "\0" not in message.text
        assert message.text.rstrip("\n") == text.replace("\0", "").rstrip("\n")

    async def test_stubs_are_told_apart_and_in_order(self, harness: ChannelHarness) -> None:
        for number in range(20):
            await harness.says("李四", f"第{number}条")
        await until(lambda: len(harness.inbox.stubs) == 20)
        assert {s.channel for s in harness.inbox.stubs} == {harness.channel.name}
        assert len(set(harness.inbox.ids())) == 20
        texts = [e.text for e in await self.events(harness) if isinstance(e, Message)]
        assert texts == [f"第{number}条" for number in range(20)]

    async def test_resolving_again_gives_the_same_message(self, harness: ChannelHarness) -> None:
        await harness.says("李四", "收到")
        first = await self.next_event(harness, Message)
        assert await self.next_event(harness, Message) == first
        assert first.native_id == harness.inbox.stubs[0].native_id

    async def test_who_joins_is_told_and_in_the_snapshot(self, harness: ChannelHarness) -> None:
        await harness.joins("王五")
        await until(lambda: bool(harness.inbox.stubs))
        snapshot, change = await self.events(harness)
        assert isinstance(snapshot, GroupSnapshot)
        assert isinstance(change, MembershipChange)
        assert [m.person.native_id for m in change.joined] == [harness.people["王五"]]
        assert harness.people["王五"] in {m.person.native_id for m in snapshot.members}
        assert change.group.native_id == harness.group_id

    async def test_who_leaves_is_told_and_not_in_the_snapshot(self, harness: ChannelHarness) -> None:
        await harness.leaves("李四")
        await until(lambda: bool(harness.inbox.stubs))
        snapshot, change = await self.events(harness)
        assert isinstance(snapshot, GroupSnapshot)
        assert isinstance(change, MembershipChange)
        assert [p.native_id for p in change.left] == [harness.people["李四"]]
        assert harness.people["李四"] not in {m.person.native_id for m in snapshot.members}

    async def test_new_name_of_a_group_is_told(self, harness: ChannelHarness) -> None:
        await harness.renames("防汛工作群")
        change = await self.next_event(harness, TopicChange)
        assert change.group.name == "防汛工作群"
        assert change.group.native_id == harness.group_id
        await harness.says("张三", "改名了")
        await until(lambda: len(harness.inbox.stubs) > 1)
        message = next(e for e in await self.events(harness) if isinstance(e, Message))
        assert message.group is not None
        assert message.group.name == "防汛工作群"

    async def test_sends_to_a_group_and_to_a_person(self, harness: ChannelHarness) -> None:
        await harness.channel.send(Outgoing(Target(group_id=harness.group_id), "本群负担：一条"))
        await harness.channel.send(Outgoing(Target(person_id=harness.people["李四"]), "你的负担：两条"))
        assert await harness.delivered() == [
            (harness.group_id, "本群负担：一条"),
            (harness.people["李四"], "你的负担：两条"),
        ]

    async def test_sends_a_file(self, harness: ChannelHarness, tmp_path: Path) -> None:
        path = tmp_path / "群台账.txt"
        path.write_text("台账")
        await harness.channel.send(Outgoing(Target(group_id=harness.group_id), file_path=str(path)))
        ((to, name),) = await harness.delivered()
        assert to == harness.group_id
        assert name.endswith("群台账.txt")

    async def test_a_mention_is_sent_with_the_name(self, harness: ChannelHarness) -> None:
        target = Target(group_id=harness.group_id)
        await harness.channel.send(Outgoing(target, "请看", mentions=(harness.people["张三"],)))
        ((_, text),) = await harness.delivered()
        assert text.startswith("@张三")
        assert text.endswith("请看")

    @pytest.mark.parametrize(
        "outgoing",
        [
            Outgoing(Target(), "无处可去"),
            Outgoing(Target(group_id="nowhere@chatroom"), "没有这个群"),
            Outgoing(Target(person_id="somebody"), ""),
            Outgoing(Target(person_id="somebody"), file_path="/nonexistent/文件.txt"),
        ],
    )
    async def test_what_cannot_be_sent_is_refused(self, harness: ChannelHarness, outgoing: Outgoing) -> None:
        with pytest.raises(SendRefusedError):
            await harness.channel.send(outgoing)
        assert await harness.delivered() == []

    async def test_recall_of_an_unknown_message_is_not_claimed(self, harness: ChannelHarness) -> None:
        assert await harness.channel.recall("no-such-message") is False

    async def test_snapshot_on_demand(self, harness: ChannelHarness) -> None:
        snapshot = await harness.channel.snapshot(harness.group_id)
        ids = {m.person.native_id for m in snapshot.members}
        assert {harness.people["张三"], harness.people["李四"]} <= ids
        assert harness.people["王五"] not in ids

    async def test_unreadable_payload_is_said(self, harness: ChannelHarness) -> None:
        at = datetime.fromisoformat("2026-11-23T00:00:00+00:00")
        with pytest.raises(PayloadError, match="message"):
            await harness.channel.resolve(Stub(harness.channel.name, "message", "x", at, b"{not json"))
