"""Disk full or a read-only database: the bot stops acknowledging, says so once, and goes on by itself."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from loguru import logger
from sqlalchemy import event as hooks

from bot.errors import StoreUnavailableError
from bot.testing import BOT, Town, quick_config
from tests.conftest import MONDAY
from tests.core.support import counted, messages, recounted

GROUP = "村务群"
PEOPLE = ("赵支书", "钱支书", "李会计")


@pytest.fixture
def log() -> Iterator[list[str]]:
    lines: list[str] = []
    number = logger.add(lines.append, level="INFO", format="{level} {message}")
    yield lines
    logger.remove(number)


@pytest.fixture
async def village(tmp_path: Path) -> Town:
    town = Town(quick_config(tmp_path / "data"), MONDAY)
    await town.found(GROUP, PEOPLE, "赵支书")
    return town


def full(town: Town) -> Callable[[], None]:
    """Let the disk be full: no page can be added. Returns what makes room."""
    database = town.app.store.database
    with database.read() as session:
        pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar_one()

    def limit(connection: object, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")  # type: ignore[attr-defined]  # the driver's

    def free(connection: object, *_: object) -> None:
        connection.execute("PRAGMA max_page_count = 1000000")  # type: ignore[attr-defined]  # the driver's

    hooks.listen(database.engine, "checkout", limit)

    def make_room() -> None:
        hooks.remove(database.engine, "checkout", limit)
        hooks.listen(database.engine, "checkout", free)

    return make_room


def read_only(town: Town) -> Callable[[], None]:
    """Let nothing be written. Returns what ends that."""
    database = town.app.store.database

    def forbid(connection: object, *_: object) -> None:
        connection.execute("PRAGMA query_only = ON")  # type: ignore[attr-defined]  # the driver's

    def allow(connection: object, *_: object) -> None:
        connection.execute("PRAGMA query_only = OFF")  # type: ignore[attr-defined]  # the driver's

    hooks.listen(database.engine, "checkout", forbid)

    def end() -> None:
        hooks.remove(database.engine, "checkout", forbid)
        hooks.listen(database.engine, "checkout", allow)

    return end


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not what():  # noqa: ASYNC110 (the database is what is asked)
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("refuse", [full, read_only])
async def test_it_stops_acknowledging_says_so_once_and_goes_on_by_itself(
    village: Town, log: list[str], refuse: Callable[[Town], Callable[[], None]]
) -> None:
    app, channel = village.app, village.channel
    talk = "今天天气不错"
    stubs = []
    for number in range(300):
        message = channel.message(GROUP, "赵支书", talk, village.clock.now(), native_id=f"n{number}")
        stubs.append(channel.stub([message], village.clock.now(), f"n{number}"))
    # What a platform pushes needs room of its own.
    stubs[200:] = [replace(stub, payload=b"x" * 20_000) for stub in stubs[200:]]
    before = len(messages(app))
    await app.inbox.accept(stubs[:200])  # acknowledged while there was room
    tasks = [asyncio.create_task(app.outbox.run())]
    await asyncio.sleep(0.1)  # the sender has started
    end = refuse(village)
    try:
        tasks.append(asyncio.create_task(app.worker.run()))
        await until(lambda: any("数据库写不进去" in line for line in log))
        with pytest.raises(StoreUnavailableError):
            await app.inbox.accept(stubs[200:])
        await app.worker.minute()
        await asyncio.sleep(2.5)  # two more tries of the worker: time is what this test is about
        assert len([line for line in log if line.startswith("ERROR") and "数据库写不进去" in line]) == 1
        assert len([line for line in log if "发件箱" in line]) <= 1
        assert len(messages(app)) == before
        end()
        await app.inbox.accept(stubs[200:])  # the gateway's channel tries again
        await until(lambda: len(messages(app)) == before + 300)
        assert counted(app) == recounted(app)
        assert any("恢复" in line for line in log)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert len(await village.ask(GROUP, "李会计", "帮助")) == 1


async def test_a_backlog_command_that_waited_for_room_is_answered_once(village: Town) -> None:
    now = village.clock.now()
    command = village.channel.message(GROUP, "李会计", "@减负助手 帮助", now, mentions=(BOT,))
    await village.app.inbox.accept([village.channel.stub([command], now)])
    end = read_only(village)
    with pytest.raises(StoreUnavailableError):
        await village.app.worker.step()
    end()
    await village.settle()
    await village.settle()
    assert len(village.news()) == 1


def test_a_folder_that_cannot_be_made_is_an_error_that_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Exception, match="file") as caught:
        Town(quick_config(tmp_path / "file" / "data"), MONDAY)
    assert type(caught.value).__module__ == "bot.errors"
