"""The console channel: a person types as any member of any group and reads what the bot sends."""

import asyncio
import re
import sys
import threading
from collections.abc import AsyncIterator, Callable, Sequence

from bot.channels.base import Capabilities, Inbox, Outgoing, Stub
from bot.channels.cleaning import clean_name, clean_text
from bot.channels.console_lines import HELP, Said, Told, parse_line
from bot.channels.console_payload import PLATFORM, decode, encode
from bot.channels.console_world import ConsoleWorld
from bot.clock import Clock
from bot.errors import GatewayUnavailableError, SendRefusedError, StoreUnavailableError, UsageError
from bot.events import Event, GroupRef, GroupSnapshot, Message, PersonRef, Recall

_AT = re.compile(r"@([^\s@\u2005,，:：;；。!！?？]{1,64})")
_EVERYBODY = "所有人"


class ConsoleChannel:
    """Groups and people that exist because somebody typed them.

    Lines come from `lines` (default: standard input) and from `hear`; what the bot sends goes to `write`.
    `finished` is set at the end of the input or on /quit; `run` itself goes on until cancelled.
    """

    platform = PLATFORM

    def __init__(
        self,
        name: str,
        clock: Clock,
        *,
        lines: AsyncIterator[str] | None = None,
        write: Callable[[str], None] = print,
        bot_name: str = "减负助手",
    ) -> None:
        self.name = name
        self.finished = asyncio.Event()
        self._clock = clock
        self._lines = lines
        self._write = write
        self._world = ConsoleWorld(bot_name)
        self._inbox: Inbox | None = None
        self._running = asyncio.Event()

    @property
    def capabilities(self) -> Capabilities:
        """Everything can be done here."""
        return Capabilities(private_messages=True, recall=True, files=True)

    @property
    def account_id(self) -> str | None:
        """The bot's own id, which is its name."""
        return self._world.bot.native_id

    @property
    def connected(self) -> bool:
        """Whether lines are being read."""
        return self._running.is_set()

    async def run(self, inbox: Inbox) -> None:
        """Read lines until cancelled."""
        self._inbox = inbox
        self._running.set()
        try:
            async for line in self._lines if self._lines is not None else _standard_input():
                if line.strip():
                    await self.hear(line)
                if self.finished.is_set():
                    break
            self.finished.set()
            await asyncio.Event().wait()
        finally:
            self._running.clear()

    async def hear(self, line: str) -> str | None:
        """Take one typed line, once `run` runs; return the id of the message in it, if it is one."""
        await self._running.wait()
        try:
            typed = parse_line(line)
            return await (self._say(typed) if isinstance(typed, Said) else self._obey(typed))
        except (UsageError, StoreUnavailableError) as error:
            self._write(str(error))
            return None

    async def resolve(self, stub: Stub) -> Sequence[Event]:
        """Return the events in a stub. Raises PayloadError."""
        return decode(stub)

    async def send(self, outgoing: Outgoing) -> str | None:
        """Print what the bot says. Raises SendRefusedError for a group or person nobody typed."""
        world, target = self._world, outgoing.target
        if target.group_id is not None:
            if target.group_id not in world.rooms:
                raise SendRefusedError("未发送：控制台里没有这个群")
            place = f"[{world.rooms[target.group_id].topic}]"
        elif target.person_id is not None:
            if target.person_id not in world.people:
                raise SendRefusedError("未发送：控制台里没有这个人")
            place = f"(私聊 {target.person_id})"
        else:
            raise SendRefusedError("未发送：没有指明发给哪个群或哪个人")
        if bool(outgoing.text) == (outgoing.file_path is not None):
            raise SendRefusedError("未发送：要么文字，要么文件，分两条发")
        calls = "".join(f"@{m} " for m in outgoing.mentions if f"@{m}" not in outgoing.text)
        said = calls + outgoing.text if outgoing.file_path is None else f"[文件] {outgoing.file_path}"
        number = world.remember(world.bot.name, said)
        self._write(f"#{number} {place} {world.bot.name}: {said}")
        return world.message_id(number)

    async def recall(self, message_id: str) -> bool:
        """Say that a message is gone; false for one that was never said."""
        number = self._world.number_of(message_id)
        if number is None:
            return False
        self._write(f"(已撤回 #{number})")
        return True

    async def snapshot(self, group_id: str) -> GroupSnapshot:
        """Return a group as typed so far. Raises GatewayUnavailableError when there is none."""
        if group_id not in self._world.rooms:
            raise GatewayUnavailableError("控制台里没有这个群")
        return self._world.snapshot(group_id, self._clock.now())

    async def _say(self, said: Said) -> str:
        world, now = self._world, self._clock.now()
        who = world.person(said.who)
        quote = world.quote(said.quoted) if said.quoted is not None else None
        events: list[Event] = []
        group: GroupRef | None = None
        if said.group is not None:
            group_id, room = world.room(said.group)
            world.enter(room, who)
            group = world.group(group_id)
            if not room.told:
                events.append(world.snapshot(group_id, now))
                room.told = True
        text = clean_text(said.text)
        names = list(dict.fromkeys(_AT.findall(text)))
        message_id = world.message_id(world.remember(who, text))
        events.append(
            Message(
                platform=PLATFORM,
                account=world.bot.native_id,
                native_id=message_id,
                group=group,
                sender=PersonRef(PLATFORM, who, who),
                sent_at=now,
                kind=said.kind,
                text=text,
                mentions=tuple(n for n in names if n in world.people or n == world.bot.native_id),
                mentions_all=_EVERYBODY in names,
                quote=quote,
                file_name=clean_name(said.file_name),
            )
        )
        await self._accept("message", message_id, events)
        return message_id

    async def _obey(self, told: Told) -> None:
        world, now = self._world, self._clock.now()
        if told.word == "help":
            self._write(HELP)
        elif told.word == "quit":
            self.finished.set()
        elif told.word == "recall":
            recalled = world.quote(int(told.names[0])).message_id or ""
            await self._accept("recall", f"recall-{recalled}", [Recall(PLATFORM, recalled, now)])
        else:
            event_id = f"change-{world.message_id(world.remember('', ''))}"
            await self._accept(told.word, event_id, world.change(told, event_id, now))

    async def _accept(self, kind: str, native_id: str, events: Sequence[Event]) -> None:
        if self._inbox is None:
            raise GatewayUnavailableError("控制台没有运行")
        await self._inbox.accept([Stub(self.name, kind, native_id, self._clock.now(), encode(events))])


async def _standard_input() -> AsyncIterator[str]:
    """Yield the lines of standard input; a daemon thread reads, so that it never holds up the end."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[str | None] = asyncio.Queue()

    def read() -> None:
        try:
            for line in sys.stdin:
                loop.call_soon_threadsafe(queue.put_nowait, line)
            loop.call_soon_threadsafe(queue.put_nowait, None)
        except RuntimeError:  # the loop is closed: nobody listens any more
            return

    threading.Thread(target=read, name="console-input", daemon=True).start()
    while (line := await queue.get()) is not None:
        yield line
