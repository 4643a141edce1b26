"""Deliver, redeliver, crash, restart, in any order: every message is there once, and so are its counts."""

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import event as hooks

from bot.channels.base import Stub
from bot.testing import BOT, Town, quick_config
from tests.conftest import MONDAY
from tests.core.support import counted, messages, outbox, recounted

GROUPS = ("一组群", "二组群")
PEOPLE = ("赵支书", "钱支书", "孙支书", "李会计")
SAYINGS = (
    "收到",
    "今天天气不错",
    "【通知】请各村于11月27日17:00前报送普法工作总结，收到请回复",
    "请各网格马上发一张巡查照片到群里",
    "@减负助手 帮助",
    "@减负助手 我的待办",
)


class Crash(BaseException):
    """The process dies at this statement."""


class Delivery(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.town = Town(quick_config(Path(self.folder.name)), MONDAY)
        self.channel = self.town.channel
        for group in GROUPS:
            asyncio.run(self.town.found(group, PEOPLE, "赵支书"))
        self.first = len(messages(self.town.app))
        self.number = 0
        self.stubs: dict[str, Stub] = {}
        self.accepted: set[str] = set()

    def restart_now(self) -> None:
        now = self.town.clock.now()
        self.town.close()
        self.town = Town(quick_config(Path(self.folder.name)), now, channel=self.channel)

    def dying(self, after: int, what: Any) -> bool:
        """Run a step in which the process dies after some statements; true when it lived through it."""
        engine, left = self.town.app.store.database.engine, [after]

        def die(*_: object) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Crash

        hooks.listen(engine, "before_cursor_execute", die)
        try:
            asyncio.run(what)
        except Crash:
            lived = False
        else:
            lived = True
        hooks.remove(engine, "before_cursor_execute", die)
        if not lived:
            self.restart_now()
        return lived

    def new(self, count: int, saying: str, group: str, who: str) -> list[Stub]:
        stubs = []
        for _ in range(count):
            self.number += 1
            self.town.clock.advance(1)
            now, native = self.town.clock.now(), f"n{self.number}"
            mentions = (BOT,) if saying.startswith("@") else ()
            message = self.channel.message(group, who, saying, now, native_id=native, mentions=mentions)
            stub = self.channel.stub([message], now, native)
            self.stubs[native] = stub
            stubs.append(stub)
        return stubs

    @rule(
        count=st.integers(1, 4), saying=st.sampled_from(SAYINGS), group=st.sampled_from(GROUPS),
        who=st.sampled_from(PEOPLE),
    )  # fmt: skip
    def deliver(self, count: int, saying: str, group: str, who: str) -> None:
        stubs = self.new(count, saying, group, who)
        asyncio.run(self.town.app.inbox.accept(stubs))
        self.accepted |= {stub.native_id for stub in stubs}

    @rule(count=st.integers(1, 4), saying=st.sampled_from(SAYINGS), after=st.integers(0, 6))
    def deliver_and_die(self, count: int, saying: str, after: int) -> None:
        stubs = self.new(count, saying, GROUPS[0], PEOPLE[1])
        if self.dying(after, self.town.app.inbox.accept(stubs)):
            self.accepted |= {stub.native_id for stub in stubs}
        else:
            asyncio.run(self.town.app.inbox.accept(stubs))  # what was not acknowledged comes again
            self.accepted |= {stub.native_id for stub in stubs}

    @rule(data=st.data())
    def redeliver(self, data: st.DataObject) -> None:
        if self.accepted:
            again = data.draw(st.lists(st.sampled_from(sorted(self.accepted)), min_size=1, max_size=5))
            asyncio.run(self.town.app.inbox.accept([self.stubs[native] for native in again]))

    @rule(after=st.integers(0, 80))
    def work_and_die(self, after: int) -> None:
        self.dying(after, self.town.settle())

    @rule()
    def work(self) -> None:
        asyncio.run(self.town.settle())

    @rule()
    def restart(self) -> None:
        self.restart_now()

    @rule(minutes=st.integers(1, 600))
    def time_passes(self, minutes: int) -> None:
        self.town.clock.advance(minutes=minutes)

    @invariant()
    def counts_are_those_of_the_rows(self) -> None:
        if hasattr(self, "town"):
            assert counted(self.town.app) == recounted(self.town.app)

    def teardown(self) -> None:
        if not hasattr(self, "town"):
            return
        asyncio.run(self.town.settle())
        stored = [row.native_id for row in messages(self.town.app)][self.first :]
        assert sorted(stored) == sorted(self.accepted)
        keys = [letter.key for letter in outbox(self.town.app)]
        assert len(keys) == len(set(keys))
        sent = [letter.native_id for letter in outbox(self.town.app) if letter.state == "sent"]
        assert len(sent) == len(set(sent))
        assert len(self.channel.said) <= len(keys)
        self.town.close()
        self.folder.cleanup()


TestDelivery = Delivery.TestCase
TestDelivery.settings = settings(max_examples=6, stateful_step_count=15, deadline=timedelta(minutes=5))
