"""A gateway that hangs, goes away in between, or a program that is stopped: what still goes on, and what is said."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.channels.base import Outgoing, Stub, Target
from bot.errors import GatewayUnavailableError, SendRefusedError
from bot.events import Event
from bot.store.outgoing import Letter
from bot.store.tables import InboxEvent
from bot.store.tables_work import GapRow
from bot.testing import AT_ONCE, BOT, FakeChannel, Town
from bot.worker import TRIES, Worker
from tests.conftest import MakeTown
from tests.core.support import messages, outbox, rows

GROUP = "村务群"
PEOPLE = ("赵支书", "钱支书", "孙支书", "李会计")


class HangingChannel(FakeChannel):
    """Answers for some events only when told, for others never; may hold a send back."""

    def __init__(self) -> None:
        super().__init__()
        self.hanging: set[str] = set()
        self.unreadable: set[str] = set()
        self.answer = asyncio.Event()
        self.asked: list[str] = []
        self.sends = asyncio.Event()  # a send has begun
        self.holding = False
        self.goes_away = False  # in the middle of the next send

    async def resolve(self, stub: Stub) -> Sequence[Event]:
        self.asked.append(stub.native_id)
        if stub.native_id in self.hanging:
            await self.answer.wait()
        if stub.native_id in self.unreadable:
            raise GatewayUnavailableError("限时内没有回答")
        return await super().resolve(stub)

    async def send(self, outgoing: Outgoing) -> str | None:
        self.sends.set()
        if self.holding:
            await self.answer.wait()
        if self.goes_away:
            self.goes_away, self.connected = False, False
            raise SendRefusedError("未发送：网关没有连接")
        return await super().send(outgoing)


async def founded(make_town: MakeTown, **sections: object) -> tuple[Town, HangingChannel]:
    channel = HangingChannel()
    town = make_town(channel=channel, **sections)
    await town.found(GROUP, PEOPLE, "赵支书")
    return town, channel


async def arrive(town: Town, *ids: str) -> None:
    now = town.clock.now()
    await town.app.inbox.accept(
        [
            town.channel.stub([town.channel.message(GROUP, "李会计", f"晚点到{i}", now, native_id=i)], now, i)
            for i in ids
        ]
    )


def impatient(town: Town) -> Worker:
    return Worker(town.app.inbox, town.channel, town.app.pipeline, lambda: None, patience=0.01)


def state(town: Town, native_id: str) -> tuple[str, int]:
    (row,) = (row for row in rows(town.app.store.database, InboxEvent) if row.native_id == native_id)
    return row.state, row.attempts


async def test_a_message_without_an_answer_holds_up_no_other_and_is_asked_once(make_town: MakeTown) -> None:
    town, channel = await founded(make_town)
    channel.hanging = {"slow"}
    worker = impatient(town)
    before = len(messages(town.app))
    await arrive(town, "slow", "quick1")
    await worker.step()
    await arrive(town, "quick2")
    while await worker.step():
        pass
    assert len(messages(town.app)) == before + 2
    assert channel.asked.count("slow") == 1
    channel.answer.set()
    while len(messages(town.app)) < before + 3:
        await worker.step()
    assert channel.asked.count("slow") == 1
    assert state(town, "slow") == ("done", 0)


async def test_an_unanswered_event_rests_before_it_is_asked_again(make_town: MakeTown) -> None:
    town, channel = await founded(make_town)
    channel.unreadable = {"bad"}
    worker = impatient(town)
    await arrive(town, "bad")
    for number in range(20):
        await arrive(town, f"good{number}")
        await worker.step()
    assert state(town, "good19") == ("done", 0)
    assert channel.asked.count("bad") == 1
    assert state(town, "bad") == ("received", 1)


async def test_no_event_is_given_up_because_the_gateway_is_away(make_town: MakeTown) -> None:
    town, channel = await founded(make_town)
    channel.unreadable = {"unlucky"}
    channel.connected = False
    worker = impatient(town)
    await arrive(town, "unlucky")
    for _ in range(TRIES + 2):
        assert not await worker.step()
    assert state(town, "unlucky") == ("received", 0)
    channel.unreadable.clear()
    channel.connected = True
    assert await worker.step()
    assert state(town, "unlucky") == ("done", 0)


async def test_letters_that_wait_for_tomorrow_hold_up_no_other(make_town: MakeTown) -> None:
    limits = AT_ONCE.model_copy(update={"unsolicited_per_day": 1})
    town, channel = await founded(make_town, limits=limits)
    channel.add_group("妇联群", PEOPLE, "赵支书")
    now = town.clock.now()
    with town.app.store.database.write() as session:
        for number in range(70):
            target = Target(group_id=GROUP)
            town.app.outgoing.put(
                session, Letter(f"k{number}", "unsolicited", target, "提示", group_id=1), now
            )
        other = Letter("other", "unsolicited", Target(group_id="妇联群"), "轮到我", group_id=2)
        town.app.outgoing.put(session, other, now)
    await town.settle()
    assert [said.text for said in town.news()].count("轮到我") == 1
    assert "sent" not in [letter.state for letter in outbox(town.app) if letter.key == "k69"]


async def test_a_gateway_that_leaves_during_a_private_answer_is_no_refusal(make_town: MakeTown) -> None:
    town, channel = await founded(make_town)
    channel.goes_away = True
    assert await town.ask(GROUP, "李会计", "我的负担") == []
    assert not channel.connected
    channel.connected = True
    await town.settle()
    (said,) = town.news()
    assert (said.group, said.person) == (None, "李会计")  # not the neutral line in the group


async def sending(town: Town, channel: HangingChannel) -> asyncio.Task[None]:
    """Bring an answer on its way, and return the sender, which waits for the gateway."""
    channel.holding = True
    channel.sends.clear()
    now = town.clock.now()
    asked = channel.message(GROUP, "李会计", "帮助", now, mentions=(BOT,))
    await town.app.inbox.accept([channel.stub([asked], now)])
    await town.app.worker.step()
    town.clock.advance(10)
    sender = asyncio.create_task(town.app.outbox.run())
    await channel.sends.wait()
    return sender


async def test_who_stops_the_program_in_a_send_waits_for_its_answer(make_town: MakeTown) -> None:
    town, channel = await founded(make_town)
    sender = await sending(town, channel)
    sender.cancel()
    channel.answer.set()
    await asyncio.gather(sender, return_exceptions=True)
    assert sender.cancelled()
    assert outbox(town.app)[-1].state == "sent"


async def test_a_send_without_an_answer_at_the_end_is_unknown(
    make_town: MakeTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.outbox.FAREWELL_SECONDS", 0.01)
    town, channel = await founded(make_town)
    sender = await sending(town, channel)
    sender.cancel()
    await asyncio.gather(sender, return_exceptions=True)
    letter = outbox(town.app)[-1]
    assert (letter.state, letter.reason) == ("unknown", "发送途中程序停止，是否送达不明")


async def test_the_time_without_the_program_is_a_gap_once(make_town: MakeTown) -> None:
    town = make_town()
    inbox, now = town.app.inbox, town.clock.now()
    inbox.missed(now)  # never ran before: nothing is missing
    inbox.listening(now)
    inbox.missed(now + timedelta(hours=3))
    inbox.missed(now + timedelta(hours=3))
    inbox.missed(now - timedelta(hours=1))  # a clock that was set back
    (gap,) = rows(town.app.store.database, GapRow)
    assert (gap.began_at, gap.ended_at) == (now, now + timedelta(hours=3))
    assert gap.reason == "程序没有运行"
