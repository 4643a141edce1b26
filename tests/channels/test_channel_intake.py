"""The way into the inbox, and the cache: no message lost, no question asked twice."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.base import Stub
from bot.channels.cache import ExpiringCache
from bot.channels.intake import Intake, SeenGap
from bot.errors import StoreUnavailableError
from tests.channels.contract import MemoryInbox, until

AT = datetime(2026, 11, 23, tzinfo=UTC)


class Dial:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.at = AT

    def now(self) -> datetime:
        return self.at


class FullDisk(MemoryInbox):
    """An inbox that refuses until told otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self.full = True
        self.refusals = 0

    async def accept(self, stubs: Sequence[Stub]) -> None:
        if self.full:
            self.refusals += 1
            raise StoreUnavailableError("the disk is full")
        await super().accept(stubs)


def stub(number: int) -> Stub:
    return Stub("c", "message", f"m{number}", AT)


async def test_order_is_kept_across_gaps_and_batches() -> None:
    inbox = MemoryInbox()
    intake = Intake("c", inbox)
    for number in range(700):
        await intake.put(stub(number))
    await intake.put(SeenGap(AT, AT, "away"))
    await intake.put(stub(700))
    task = asyncio.create_task(intake.run())
    await until(lambda: len(inbox.stubs) == 701)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert inbox.ids() == [f"m{n}" for n in range(701)]
    assert len(inbox.gaps) == 1


async def test_what_a_full_disk_refuses_is_kept_and_written_later() -> None:
    inbox = FullDisk()
    intake = Intake("c", inbox, retry_after=0.01)
    task = asyncio.create_task(intake.run())
    await intake.put(stub(1))
    await until(lambda: inbox.refusals > 2)
    await intake.put(stub(2))
    inbox.full = False
    await until(lambda: inbox.ids() == ["m1", "m2"])
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_is_queued_at_the_end_is_written() -> None:
    inbox = MemoryInbox()
    intake = Intake("c", inbox)
    task = asyncio.create_task(intake.run())
    await asyncio.sleep(0)
    for number in range(1200):
        await intake.put(stub(number))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(inbox.ids()) == 1200


async def test_a_full_queue_holds_up_the_gateway() -> None:
    intake = Intake("c", MemoryInbox(), size=1)
    await intake.put(stub(1))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(intake.put(stub(2)), 0.05)


class Source:
    """Something to be asked, that counts and can be held back."""

    def __init__(self) -> None:
        self.asked = 0
        self.open = asyncio.Event()
        self.open.set()
        self.broken = False

    async def fetch(self, key: str) -> str:
        self.asked += 1
        answer = f"{key}{self.asked}"
        await self.open.wait()
        if self.broken:
            raise OSError("gone")
        return answer


def cache(source: Source, dial: Dial, size: int = 10) -> ExpiringCache[str, str]:
    return ExpiringCache(source.fetch, timedelta(minutes=10), dial, size)


async def test_many_who_ask_at_once_ask_once() -> None:
    source, dial = Source(), Dial()
    known = cache(source, dial)
    assert await asyncio.gather(*(known.get("a") for _ in range(50))) == [("a1", True)] * 50
    assert await known.get("a") == ("a1", False)


async def test_a_value_expires_or_is_dropped() -> None:
    source, dial = Source(), Dial()
    known = cache(source, dial)
    await known.get("a")
    dial.at += timedelta(minutes=9)
    assert await known.get("a") == ("a1", False)
    dial.at += timedelta(minutes=1)
    assert await known.get("a") == ("a2", True)
    known.drop("a")
    assert await known.get("a") == ("a3", True)


async def test_an_answer_under_way_is_not_kept_once_dropped() -> None:
    source, dial = Source(), Dial()
    known = cache(source, dial)
    source.open.clear()
    asking = asyncio.create_task(known.get("a"))
    await until(lambda: source.asked == 1)
    known.drop("a")
    source.open.set()
    assert await asking == ("a1", True)
    assert await known.get("a") == ("a2", True)


async def test_a_failure_is_not_remembered_and_one_who_gives_up_disturbs_nobody() -> None:
    source, dial = Source(), Dial()
    known = cache(source, dial)
    source.broken = True
    with pytest.raises(OSError, match="gone"):
        await known.get("a")
    source.broken = False
    source.open.clear()
    hasty = asyncio.create_task(known.get("a"))
    patient = asyncio.create_task(known.get("a"))
    await until(lambda: source.asked == 2)
    hasty.cancel()
    source.open.set()
    assert await patient == ("a2", True)


async def test_the_oldest_are_forgotten_when_it_is_full() -> None:
    source, dial = Source(), Dial()
    known = cache(source, dial, size=2)
    for key in ("a", "b", "a", "c"):
        await known.get(key)
    assert await known.get("a") == ("a1", False)
    assert await known.get("b") == ("b4", True)
