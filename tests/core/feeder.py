"""A bot process for the tests to kill: `python feeder.py DIR` forks a child for every line it reads.

`run` feeds messages through the real inbox, pipeline and outbox until it is killed; `drain` ends by itself
when everything is worked off. What the inbox acknowledged and what was sent stand in files of the folder.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from loguru import logger

from bot.app import App
from bot.channels.base import Inbox, Outgoing, Stub
from bot.clock import SystemClock
from bot.events import Event
from bot.testing import BOT, FakeChannel, quick_config

GROUP = "村务群"
PEOPLE = ("赵支书", "钱支书", "孙支书", "李会计")
TEXTS = (
    "收到",
    "今天天气不错",
    "【通知】请各村于11月27日17:00前报送普法工作总结，收到请回复",
    "请发现场照片",
)
COMMAND = 5  # every fifth message is a command whose answer names its number


class Feeder(FakeChannel):
    """A platform with endless talk; it remembers by files, as a platform outside the process would."""

    def __init__(self, folder: Path, *, talk: bool) -> None:
        super().__init__()
        self.folder = folder
        self.talk = talk
        self.add_group(GROUP, PEOPLE, "赵支书")

    def _write(self, name: str, lines: Sequence[str]) -> None:
        with (self.folder / name).open("a", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())

    async def run(self, inbox: Inbox) -> None:
        path = self.folder / "offered"
        number = int(path.read_text(encoding="utf-8").split()[-1]) if path.exists() else 0
        clock = SystemClock()
        await inbox.accept([Stub(self.name, "snapshot", GROUP, clock.now())])
        while self.talk:
            burst = range(number + 1, number + 8)
            number = burst[-1]
            self._write("offered", [str(number)])
            at = clock.now()
            stubs = [
                Stub(self.name, "message", f"n{one}", at, f"{one} {at.isoformat()}".encode()) for one in burst
            ]
            await inbox.accept(stubs)
            self._write("acknowledged", [stub.native_id for stub in stubs])

    async def resolve(self, stub: Stub) -> Sequence[Event]:
        if stub.kind == "snapshot":
            return [self.snapshot_at(GROUP, stub.received_at)]
        number = int(stub.native_id.removeprefix("n"))
        who = PEOPLE[number % len(PEOPLE)]
        command = number % COMMAND == 0
        text = f"@减负助手 完成 {number}" if command else TEXTS[number % len(TEXTS)]
        mentions = (BOT,) if command else ()
        return [self.message(GROUP, who, text, stub.received_at, native_id=stub.native_id, mentions=mentions)]

    async def send(self, outgoing: Outgoing) -> str | None:
        self._write("sent", [outgoing.text.splitlines()[0]])
        return None


async def live(folder: Path, *, talk: bool) -> None:
    from bot.config import PrivacySettings

    config = quick_config(folder / "data", privacy=PrivacySettings(consent="operator"))
    app = App(config, Feeder(folder, talk=talk))
    running = asyncio.create_task(app.run())
    if not talk:
        await asyncio.sleep(0.2)
        while await asyncio.to_thread(app.is_busy):  # noqa: ASYNC110 (the database is what has to be asked)
            await asyncio.sleep(0.05)
        running.cancel()
    await asyncio.gather(running, return_exceptions=not talk)


def main() -> None:
    logger.remove()
    folder = Path(sys.argv[1])
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            asyncio.run(live(folder, talk=line.strip() == "run"))
            os._exit(0)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
