"""For tests, the demonstration and authors of plugins: a fake channel, a frozen clock, and a town that talks.

Nothing here is a mock: the channel is an implementation of the contract like any other, above it runs the
real program with a real database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app import App
from bot.channels.base import Capabilities, Inbox, Outgoing, Stub
from bot.config import Config, LimitSettings
from bot.errors import PayloadError, SendRefusedError
from bot.events import (
    Event,
    GroupRef,
    GroupSnapshot,
    MemberInfo,
    Message,
    MessageKind,
    PersonRef,
    Quote,
    Recall,
    Role,
)

PLATFORM = "fake"
BOT = "bot"

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


@dataclass(frozen=True, slots=True)
class Said:
    """What the bot sent: to a group or privately to a person."""

    group: str | None
    person: str | None
    text: str
    file_path: str | None = None


class FakeChannel:
    """A platform in memory: groups, people, and what the bot sent."""

    platform = PLATFORM

    def __init__(self, name: str = "fake", *, capabilities: Capabilities | None = None) -> None:
        self.name = name
        self.said: list[Said] = []
        self.recalled: list[str] = []
        self.recall_works = True
        self.unreachable: set[str] = set()  # people whom private messages do not reach
        self.connected = True
        self._capabilities = capabilities or Capabilities(recall=True)
        self._groups: dict[str, dict[str, MemberInfo]] = {}
        self._events: dict[str, Sequence[Event]] = {}
        self._number = 0

    @property
    def capabilities(self) -> Capabilities:
        """Everything, unless told otherwise."""
        return self._capabilities

    @property
    def account_id(self) -> str | None:
        """The bot's own id."""
        return BOT

    def add_group(
        self, name: str, members: Sequence[str], owner: str = "", admins: Sequence[str] = ()
    ) -> None:
        """Make a group of people, who are named like their ids."""
        roles = dict.fromkeys(admins, Role.ADMIN) | ({owner: Role.OWNER} if owner else {})
        people = {who: MemberInfo(person(who), roles.get(who, Role.MEMBER)) for who in members}
        people[BOT] = MemberInfo(PersonRef(PLATFORM, BOT, "减负助手", is_bot=True))
        self._groups[name] = people

    def stub(self, events: Sequence[Event], at: datetime, native_id: str = "") -> Stub:
        """Make an event that the gateway would deliver."""
        self._number += 1
        key = native_id or f"m{self._number}"
        self._events[key] = events
        return Stub(self.name, "message", key, at)

    def message(self, group: str | None, who: str, text: str, at: datetime, **more: Any) -> Message:
        """Make a message of a person, in a group or privately to the bot."""
        native_id = more.pop("native_id", "") or f"m{self._number + 1}"
        quoted = more.pop("quote", None)
        return Message(
            platform=PLATFORM,
            account=BOT,
            native_id=native_id,
            group=GroupRef(PLATFORM, group, group) if group else None,
            sender=person(who),
            sent_at=at,
            kind=more.pop("kind", MessageKind.TEXT),
            text=text,
            quote=Quote(text=quoted.text, message_id=quoted.native_id)
            if isinstance(quoted, Message)
            else quoted,
            **more,
        )

    async def run(self, inbox: Inbox) -> None:
        """Do nothing: what happens is put in by `Town`."""

    async def resolve(self, stub: Stub) -> Sequence[Event]:
        """Return what a stub stands for."""
        if stub.native_id not in self._events:
            msg = f"the fake platform knows no event {stub.native_id}"
            raise PayloadError(msg)
        return self._events[stub.native_id]

    async def send(self, outgoing: Outgoing) -> str | None:
        """Take a message; refused for people who cannot be reached."""
        target = outgoing.target
        if target.person_id in self.unreachable:
            raise SendRefusedError("不是好友，发不出去")
        self.said.append(Said(target.group_id, target.person_id, outgoing.text, outgoing.file_path))
        self._number += 1
        return f"b{self._number}"

    async def recall(self, message_id: str) -> bool:
        """Delete a message, if that works here."""
        if self.recall_works:
            self.recalled.append(message_id)
        return self.recall_works

    async def snapshot(self, group_id: str) -> GroupSnapshot:
        """Return a group as it is."""
        return self.snapshot_at(group_id, datetime.min.replace(tzinfo=UTC))

    def snapshot_at(self, group: str, at: datetime) -> GroupSnapshot:
        """Return a group with its members at a moment."""
        return GroupSnapshot(GroupRef(PLATFORM, group, group), tuple(self._groups[group].values()), at)

    @property
    def groups(self) -> Mapping[str, Mapping[str, MemberInfo]]:
        """The groups with their members."""
        return self._groups


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


def person(name: str) -> PersonRef:
    """Return a person who is named like the id."""
    return PersonRef(PLATFORM, name, "减负助手" if name == BOT else name, is_bot=name == BOT)


def quick_config(folder: Path, **sections: Any) -> Config:
    """Return settings with all waiting turned off and data below a folder."""
    return Config(**{"data_dir": folder, "limits": AT_ONCE, **sections})


def _id(event: Event) -> str:
    return event.native_id if isinstance(event, Message) else ""
