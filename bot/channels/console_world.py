"""The groups, people and messages that came into being by being typed at the console."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from bot.channels.cleaning import clean_name
from bot.channels.console_lines import Told
from bot.channels.console_payload import PLATFORM
from bot.errors import UsageError
from bot.events import (
    Event,
    GroupRef,
    GroupSnapshot,
    MemberInfo,
    MembershipChange,
    PersonRef,
    Quote,
    Role,
    TopicChange,
)


@dataclass(slots=True)
class Room:
    """A group; names are ids here."""

    topic: str
    roles: dict[str, Role] = field(default_factory=dict)
    told: bool = False  # the pipeline has its present members


class ConsoleWorld:
    """What the console knows; identity is the name that was typed."""

    def __init__(self, bot_name: str) -> None:
        self.bot = PersonRef(PLATFORM, bot_name, bot_name, is_bot=True)
        self.people: set[str] = set()
        self.rooms: dict[str, Room] = {}
        self._prefix = uuid.uuid4().hex[:8]  # a line typed in another session is another message
        self._said: list[tuple[str, str]] = []  # who and what, as #1, #2, …

    def person(self, name: str) -> str:
        """Return the id of a person, making one. Raises UsageError."""
        name = clean_name(name)
        if not name or name == self.bot.native_id:
            raise UsageError("要有人名，而且不能是机器人自己")
        self.people.add(name)
        return name

    def room_id(self, topic: str) -> str:
        """Return the id of the group of this name; its first name stays its id."""
        return next((i for i, room in self.rooms.items() if room.topic == topic), topic)

    def room(self, topic: str) -> tuple[str, Room]:
        """Return the group of this name, making it."""
        group_id = self.room_id(topic)
        return group_id, self.rooms.setdefault(group_id, Room(topic, {self.bot.native_id: Role.MEMBER}))

    def enter(self, room: Room, who: str) -> None:
        """Let a person be in a group; the first one owns it."""
        if who not in room.roles:
            room.roles[who] = Role.MEMBER if Role.OWNER in room.roles.values() else Role.OWNER
            room.told = False

    def remember(self, who: str, text: str) -> int:
        """Keep what was said; return its number."""
        self._said.append((who, text))
        return len(self._said)

    def message_id(self, number: int) -> str:
        """Return the native id of the message of this number."""
        return f"{self._prefix}-{number}"

    def number_of(self, message_id: str) -> int | None:
        """Return the number of a message of this session, None for any other id."""
        prefix, _, number = message_id.rpartition("-")
        known = prefix == self._prefix and number.isdecimal() and 0 < int(number) <= len(self._said)
        return int(number) if known else None

    def quote(self, number: int) -> Quote:
        """Return the message of this number, quoted. Raises UsageError."""
        if not 0 < number <= len(self._said):
            raise UsageError(f"没有第 {number} 条消息")
        who, text = self._said[number - 1]
        return Quote(text, self.message_id(number), who)

    def group(self, group_id: str) -> GroupRef:
        """Return a group as an event names it."""
        return GroupRef(PLATFORM, group_id, self.rooms[group_id].topic)

    def snapshot(self, group_id: str, now: datetime) -> GroupSnapshot:
        """Return a group with all its members."""
        room = self.rooms[group_id]
        return GroupSnapshot(self.group(group_id), tuple(self._member(n, room) for n in room.roles), now)

    def change(self, told: Told, event_id: str, now: datetime) -> list[Event]:
        """Change a group and return its new snapshot, then the change. Raises UsageError."""
        if told.word == "join":
            self.room(told.group)
        group_id = self.room_id(told.group)
        room = self.rooms.get(group_id)
        if room is None:
            raise UsageError(f"没有群“{told.group}”，先让人在里面说句话")
        change: Event | None = None
        if told.word == "topic":
            room.topic = clean_name(" ".join(told.names))
            change = TopicChange(event_id, self.group(group_id), now)
        elif told.word == "leave":
            gone = [n for n in told.names if room.roles.pop(n, None) is not None]
            left = tuple(PersonRef(PLATFORM, n, n) for n in gone)
            change = MembershipChange(event_id, self.group(group_id), now, left=left)
        elif told.word == "join":
            names = [self.person(n) for n in told.names]
            for name in names:
                room.roles.setdefault(name, Role.MEMBER)
            joined = tuple(self._member(n, room) for n in names)
            change = MembershipChange(event_id, self.group(group_id), now, joined=joined)
        else:
            self._give_role(room, [self.person(n) for n in told.names], told.word)
        room.told = True
        return [self.snapshot(group_id, now), *([change] if change else [])]

    def _give_role(self, room: Room, names: list[str], word: str) -> None:
        role = Role.OWNER if word == "owner" else Role.ADMIN
        if role is Role.OWNER:
            if len(names) != 1:
                raise UsageError("群主只有一个，如 /owner [群名] 李四")
            room.roles.update({n: Role.MEMBER for n, r in room.roles.items() if r is Role.OWNER})
        room.roles.update(dict.fromkeys(names, role))

    def _member(self, name: str, room: Room) -> MemberInfo:
        person = self.bot if name == self.bot.native_id else PersonRef(PLATFORM, name, name)
        return MemberInfo(person, room.roles[name])
