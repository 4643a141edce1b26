"""A platform in memory, under the same contract as the real ones: for tests and the demonstration."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.channels.base import Capabilities, Inbox, Outgoing, Stub
from bot.channels.cleaning import clean_text
from bot.errors import GatewayUnavailableError, PayloadError, SendRefusedError
from bot.events import (
    Event,
    GroupRef,
    GroupSnapshot,
    MemberInfo,
    MembershipChange,
    Message,
    MessageKind,
    PersonRef,
    Quote,
    Role,
    TopicChange,
)

PLATFORM = "fake"
BOT = "bot"
BOT_NAME = "减负助手"
_EVERYBODY = "@所有人"


@dataclass(frozen=True, slots=True)
class Said:
    """What the bot sent: to a group or privately to a person."""

    group: str | None
    person: str | None
    text: str
    file_path: str | None = None


class FakeChannel:
    """Groups, people who are named like their ids, and what the bot sent.

    What happens reaches the inbox through `deliver`, while `run` runs, or as stubs that a test puts in.
    """

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
        self._topics: dict[str, str] = {}
        self._told: set[str] = set()  # groups whose members the inbox was told
        self._people: set[str] = set()
        self._events: dict[str, Sequence[Event]] = {}
        self._sent: set[str] = set()
        self._number = 0
        self._inbox: Inbox | None = None

    @property
    def capabilities(self) -> Capabilities:
        """Everything, unless told otherwise."""
        return self._capabilities

    @property
    def account_id(self) -> str | None:
        """The bot's own id."""
        return BOT

    @property
    def groups(self) -> Mapping[str, Mapping[str, MemberInfo]]:
        """The groups with their members."""
        return self._groups

    # what people do

    def add_group(
        self, name: str, members: Sequence[str], owner: str = "", admins: Sequence[str] = ()
    ) -> None:
        """Make a group of people, who are named like their ids."""
        roles = dict.fromkeys(admins, Role.ADMIN) | ({owner: Role.OWNER} if owner else {})
        people = {who: MemberInfo(person(who), roles.get(who, Role.MEMBER)) for who in (*members, BOT)}
        self._groups[name] = people
        self._topics[name] = name
        self._people |= people.keys()

    def message(self, group: str | None, who: str, text: str, at: datetime, **more: Any) -> Message:
        """Make a message of a person, in a group or privately to the bot."""
        native_id = more.pop("native_id", "") or f"m{self._number + 1}"
        quoted = more.pop("quote", None)
        text = clean_text(text)
        more.setdefault("mentions_all", _EVERYBODY in text)
        self._people.add(who)
        return Message(
            platform=PLATFORM,
            account=BOT,
            native_id=native_id,
            group=self._group(group) if group else None,
            sender=person(who),
            sent_at=at,
            kind=more.pop("kind", MessageKind.TEXT),
            text=text,
            quote=Quote(text=quoted.text, message_id=quoted.native_id)
            if isinstance(quoted, Message)
            else quoted,
            **more,
        )

    async def say(self, group: str | None, who: str, text: str, at: datetime, **more: Any) -> None:
        """Let a person say something: a message, after the snapshot of its group where that is new."""
        found = self.message(group, who, text, at, **more)
        new = group is not None and group not in self._told
        before = [self.snapshot_at(group, at)] if group is not None and new else []
        await self.deliver([*before, found], at, found.native_id)

    async def join(self, group: str, who: str, at: datetime) -> None:
        """Let a person come into a group."""
        member = MemberInfo(person(who))
        self._groups[group][who] = member
        self._people.add(who)
        change = MembershipChange(f"join-{group}-{who}", self._group(group), at, joined=(member,))
        await self.deliver([self.snapshot_at(group, at), change], at, change.native_id)

    async def leave(self, group: str, who: str, at: datetime) -> None:
        """Let a person go out of a group."""
        del self._groups[group][who]
        change = MembershipChange(f"leave-{group}-{who}", self._group(group), at, left=(person(who),))
        await self.deliver([self.snapshot_at(group, at), change], at, change.native_id)

    async def rename(self, group: str, topic: str, at: datetime) -> None:
        """Give a group another name; its id stays."""
        self._topics[group] = topic
        change = TopicChange(f"topic-{group}-{topic}", self._group(group), at)
        await self.deliver([self.snapshot_at(group, at), change], at, change.native_id)

    def stub(self, events: Sequence[Event], at: datetime, native_id: str = "") -> Stub:
        """Make an event that the gateway would deliver."""
        self._number += 1
        key = native_id or f"m{self._number}"
        self._events[key] = events
        return Stub(self.name, "message", key, at)

    async def deliver(self, events: Sequence[Event], at: datetime, native_id: str = "") -> None:
        """Hand events to the inbox. Raises GatewayUnavailableError when the channel does not run."""
        if self._inbox is None:
            raise GatewayUnavailableError("the fake channel does not run")
        await self._inbox.accept([self.stub(events, at, native_id)])

    # the contract

    async def run(self, inbox: Inbox) -> None:
        """Take what people do until cancelled."""
        self._inbox = inbox
        try:
            await asyncio.Event().wait()
        finally:
            self._inbox = None

    async def resolve(self, stub: Stub) -> Sequence[Event]:
        """Return what a stub stands for. Raises PayloadError."""
        if stub.native_id not in self._events:
            msg = f"the fake platform knows no {stub.kind} {stub.native_id}"
            raise PayloadError(msg)
        return self._events[stub.native_id]

    async def send(self, outgoing: Outgoing) -> str | None:
        """Take a message. Raises SendRefusedError for groups and people that are unknown or unreachable."""
        target = outgoing.target
        if target.person_id in self.unreachable:
            raise SendRefusedError("不是好友，发不出去")
        known = target.group_id in self._groups if target.group_id else target.person_id in self._people
        if not known:
            raise SendRefusedError("未发送：这里没有这个群或这个人")
        if bool(outgoing.text) == (outgoing.file_path is not None):
            raise SendRefusedError("未发送：要么文字，要么文件，分两条发")
        if outgoing.file_path is not None and not _readable(Path(outgoing.file_path)):
            raise SendRefusedError("未发送：文件读不了")
        calls = [f"@{person(who).name}" for who in outgoing.mentions]
        text = "".join(f"{call} " for call in calls if call not in outgoing.text) + outgoing.text
        self.said.append(Said(target.group_id, target.person_id, text, outgoing.file_path))
        self._number += 1
        self._sent.add(f"b{self._number}")
        return f"b{self._number}"

    async def recall(self, message_id: str) -> bool:
        """Delete a message that was said here, if that works here."""
        works = self.recall_works and (message_id in self._events or message_id in self._sent)
        if works:
            self.recalled.append(message_id)
        return works

    async def snapshot(self, group_id: str) -> GroupSnapshot:
        """Return a group as it is. Raises GatewayUnavailableError when there is none."""
        if group_id not in self._groups:
            raise GatewayUnavailableError("the fake platform knows no such group")
        return self.snapshot_at(group_id, datetime.min.replace(tzinfo=UTC))

    def snapshot_at(self, group: str, at: datetime) -> GroupSnapshot:
        """Return a group with its members at a moment."""
        self._told.add(group)
        return GroupSnapshot(self._group(group), tuple(self._groups[group].values()), at)

    def _group(self, group: str) -> GroupRef:
        return GroupRef(PLATFORM, group, self._topics.get(group, group))


def person(name: str) -> PersonRef:
    """Return a person who is named like the id."""
    return PersonRef(PLATFORM, name, BOT_NAME if name == BOT else name, is_bot=name == BOT)


def _readable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.R_OK)
