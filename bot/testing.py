"""For tests, the demonstration and authors of plugins: a fake channel, a frozen clock, and a town that talks.

Nothing here is a mock: the channel is an implementation of the contract like any other, above it runs the
real program with a real database.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app import App
from bot.channels.fake import BOT, PLATFORM, FakeChannel, Said, person
from bot.config import Config, LimitSettings
from bot.events import Event, Message, Recall

__all__ = [
    "AT_ONCE",
    "BOT",
    "PLATFORM",
    "FakeChannel",
    "FrozenClock",
    "Said",
    "Town",
    "person",
    "quick_config",
]

AT_ONCE = LimitSettings(
    reply_delay=(0, 0),
    same_chat_seconds=0,
    other_chat_seconds=(0, 0),
    per_minute=10_000,
    per_day=100_000,
    quiet=None,
)


class FrozenClock:
    """A clock that stands until it is told to go on."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the time it stands at."""
        return self._now

    def advance(self, seconds: float = 0.0, **parts: float) -> None:
        """Go on by seconds, or by minutes=…, hours=…, days=…."""
        self._now += timedelta(seconds=seconds, **parts)

    def set(self, now: datetime) -> None:
        """Stand at another time."""
        self._now = now


class Town:
    """The real program over a fake channel and a frozen clock: people say things, the bot answers."""

    def __init__(self, config: Config, now: datetime, *, channel: FakeChannel | None = None) -> None:
        self.clock = FrozenClock(now)
        self.channel = channel or FakeChannel()
        self.app = App(config, self.channel, self.clock)
        self._seen = 0

    async def found(
        self, group: str, members: Sequence[str], owner: str, *, agree: bool = True, **more: Any
    ) -> None:
        """Let a group take the bot in; its owner agrees unless told otherwise."""
        self.channel.add_group(group, members, owner, **more)
        await self.happen([self.channel.snapshot_at(group, self.clock.now())])
        if agree:
            await self.say(group, owner, "@减负助手 同意", mentions=(BOT,))
        self.news()

    async def say(self, group: str | None, who: str, text: str, **more: Any) -> Message:
        """Let a person say something, and everything that follows happen; the clock goes on a second."""
        self.clock.advance(1)
        message = self.channel.message(group, who, text, more.pop("at", self.clock.now()), **more)
        await self.happen([message])
        return message

    async def ask(self, group: str | None, who: str, text: str, **more: Any) -> list[Said]:
        """Let a person address the bot; return what the bot sent."""
        self.news()
        mentions = (BOT,) if group else ()
        await self.say(group, who, f"@减负助手 {text}" if group else text, mentions=mentions, **more)
        return self.news()

    async def recall(self, message: Message) -> None:
        """Let a person take a message back."""
        await self.happen([Recall(PLATFORM, message.native_id, self.clock.now())])

    async def happen(self, events: Sequence[Event]) -> None:
        """Let events arrive one after the other, and everything that follows happen."""
        stubs = [self.channel.stub([event], self.clock.now(), _id(event)) for event in events]
        await self.app.inbox.accept(stubs)
        await self.settle()

    async def settle(self, seconds: float = 30) -> None:
        """Work everything off, and send what may be sent within some seconds of the frozen clock."""
        while await self.app.worker.step():
            pass
        end = self.clock.now() + timedelta(seconds=seconds)
        while self.clock.now() <= end and self.app.outgoing.waiting_before(end):
            wait = await self.app.outbox.step()
            if wait > 0:
                self.clock.advance(wait)

    async def minute(self) -> None:
        """Let a minute's jobs be done and what they want sent be sent."""
        await self.app.worker.minute()
        await self.settle()

    def news(self) -> list[Said]:
        """Return what the bot sent since the last time."""
        said, self._seen = self.channel.said[self._seen :], len(self.channel.said)
        return said

    def close(self) -> None:
        """Give back the database."""
        self.app.store.close()


def quick_config(folder: Path, **sections: Any) -> Config:
    """Return settings with all waiting turned off and data below a folder."""
    return Config(**{"data_dir": folder, "limits": AT_ONCE, **sections})


def _id(event: Event) -> str:
    return event.native_id if isinstance(event, Message) else ""
