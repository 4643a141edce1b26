"""The program as its operator has it: `jianfu run` as a process of its own, beside a real gateway."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.gateway_fixtures import BOT, Gateway

ROOT = Path(__file__).parents[2]
CONFIG = """
data_dir = "data"
[channel]
kind = "wechaty"
endpoint = "{endpoint}"
token = "{token}"
[limits]
reply_delay = [0.0, 0.1]
same_chat_seconds = 0.0
other_chat_seconds = [0.0, 0.0]
per_minute = 1000
per_day = 10000
unsolicited_per_day = 20
quiet = []
[suppression]
observe_days = 0
"""
AGREED = """
[privacy]
consent = "operator"
"""


class Bot:
    """A running `jianfu run` in a folder; `settings` stand behind the ones of every test."""

    def __init__(self, folder: Path, gateway: Gateway, settings: str = AGREED, token: str = "") -> None:
        self.folder = folder
        self.config = folder / "config.toml"
        self._given = CONFIG.format(endpoint=gateway.endpoint, token=token or gateway.token)
        self.settle(settings)
        self.process: subprocess.Popen[bytes] | None = None

    def settle(self, settings: str) -> None:
        """Write its settings, for the next start."""
        self.config.write_text(self._given + settings, encoding="utf-8")

    def start(self) -> None:
        with (self.folder / "out.txt").open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "run", "-c", str(self.config)],
                cwd=self.folder,
                stdout=out,
                stderr=out,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> int:
        """Ask the program to end, as an operator would; return its exit code."""
        if self.process is None:
            return 0
        process, self.process = self.process, None
        process.send_signal(signal.SIGTERM)
        return process.wait(20)

    def jianfu(self, *words: str) -> str:
        """Run another command of the program on the same settings."""
        return subprocess.run(
            [sys.executable, "-m", "bot", *words, "-c", str(self.config)],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        ).stdout

    def log(self) -> str:
        path = self.folder / "out.txt"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def ask(self, query: str) -> list[Any]:
        """Look into its database; empty while there is none."""
        path = self.folder / "data" / "jianfu.db"
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as found:
                return [row[0] for row in found.execute(query)]
        except sqlite3.OperationalError:
            return []

    def recorded(self) -> int:
        """How many messages it has counted."""
        return sum(self.ask("SELECT count(*) FROM message"))

    async def until(self, reached: Callable[[], bool], seconds: float = 30, what: str = "") -> None:
        """Wait for a condition; on time-out show what the program said."""
        try:
            async with asyncio.timeout(seconds):
                while not reached():  # noqa: ASYNC110 (another process is what is waited for)
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"not within {seconds} s: {what}\n{self.log()[-2000:]}") from None

    async def until_logged(self, words: str, times: int = 1, seconds: float = 30) -> None:
        await self.until(lambda: self.log().count(words) >= times, seconds, f"{times} x {words}")

    async def until_recorded(self, number: int, seconds: float = 30) -> None:
        def enough() -> bool:
            return self.recorded() >= number

        await self.until(enough, seconds, f"{number} messages")
        assert self.recorded() == number


async def until_sent(
    gateway: Gateway, wanted: Callable[[list[dict[str, Any]]], bool], seconds: float = 30
) -> list[dict[str, Any]]:
    """Wait until what the bot sent is as wanted."""
    async with asyncio.timeout(seconds):
        while True:
            sent = await gateway.sent()
            if wanted(sent):
                return sent
            await asyncio.sleep(0.1)


def to(sent: list[dict[str, Any]], target: str) -> list[str]:
    """The texts that went to a group or person, in order."""
    return [item.get("text", "") for item in sent if item["to"] == target]


async def command(gateway: Gateway, who: str, text: str, room: str | None = None) -> str:
    """Address the bot and return what comes back to that chat."""
    target = room or who
    before = len(to(await gateway.sent(), target))
    if room:
        await gateway.say(who, f"@减负助手 {text}", room=room, mentionIdList=[BOT])
    else:
        await gateway.say(who, text)
    sent = await until_sent(gateway, lambda sent: len(to(sent, target)) > before)
    return to(sent, target)[before]
