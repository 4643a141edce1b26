"""One group of an export while it is read: its snapshot first, then messages with all fields in place."""

from collections.abc import Iterator
from datetime import datetime

from bot.errors import ImportFormatError
from bot.events import (
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
from bot.importers.base import ACCOUNT, Read, ReadOptions
from bot.importers.kinds import tells_of_recall
from bot.importers.people import People, clean_name, clean_text, names_everybody

SYSTEM_ID = "system"
ROOM_SUFFIX = "@chatroom"


class Chat:
    """Builds the events of one group."""

    def __init__(self, platform: str, native_id: str, name: str) -> None:
        shown = clean_name(name)
        self.group = GroupRef(platform, clean_text(native_id) or f"name:{shown}", shown)
        self.people = People(platform, self.group.native_id)
        self._platform = platform
        self._members: dict[str, MemberInfo] = {}
        self._complete = False
        self._as_of: datetime | None = None
        self._opened = False
        self._system = PersonRef(platform, SYSTEM_ID)

    def member(self, native_id: str, name: str, role: Role = Role.MEMBER, *, is_bot: bool = False) -> None:
        """Add a member of the snapshot."""
        person = self.people.ref(native_id, name, is_bot=is_bot)
        self._members[person.native_id] = MemberInfo(person, role)

    def listed(self, as_of: datetime | None, *, complete: bool) -> None:
        """State when the members were listed, and whether nobody is missing."""
        self._as_of, self._complete = as_of, complete

    def opening(self, at: datetime) -> Iterator[Read]:
        """Yield the snapshot, once; `at` stands for its time where the file tells none."""
        if not self._opened:
            self._opened = True
            members = tuple(self._members.values())
            yield GroupSnapshot(self.group, members, self._as_of or at, complete=self._complete, history=True)

    def learned(self, native_id: str, name: str, role: Role) -> bool:
        """Take over a role that a message shows; true when it is new."""
        known = self._members.get(self.people.ref(native_id, name).native_id)
        if known is not None and known.role is role:
            return False
        self.member(native_id, name, role)
        return True

    def closing(self, at: datetime) -> Iterator[Read]:
        """Yield the members known so far again, for formats that tell roles only along the way."""
        if self._opened and self._members:
            yield GroupSnapshot(self.group, tuple(self._members.values()), at, complete=False, history=True)

    def message(
        self,
        at: datetime,
        sender_id: str,
        sender_name: str,
        kind: MessageKind,
        text: str,
        *,
        native_id: str = "",
        file_name: str = "",
        quote: Quote | None = None,
        mentions: tuple[str, ...] | None = None,
        mentions_all: bool = False,
    ) -> Iterator[Read]:
        """Yield a message. Mentions that the format does not list are looked for in the text, by name."""
        if not self._opened:
            yield from self.opening(at)
        text = clean_text(text)
        if kind is MessageKind.TEXT and text.startswith("#接龙"):
            kind = MessageKind.CHAIN
        yield Message(
            self._platform,
            ACCOUNT,
            native_id,
            self.group,
            self.people.ref(sender_id, sender_name),
            at,
            kind,
            text,
            self.people.mentioned(text) if mentions is None else mentions,
            mentions_all or names_everybody(text),
            quote,
            file_name,
            history=True,
        )

    def system(self, at: datetime, text: str, native_id: str = "") -> Iterator[Read]:
        """Yield what the platform says; a note that a message was taken back recalls the message of this id."""
        if native_id and tells_of_recall(text):
            yield from self.recalled(at, native_id)
            return
        yield from self.opening(at)
        yield self._note(at, clean_text(text), native_id)

    def recalled(self, at: datetime, native_id: str) -> Iterator[Read]:
        """Yield a message that was taken back: it counts no more, and nothing of it is kept."""
        yield from self.opening(at)
        yield self._note(at, "", native_id)
        if native_id:
            yield Recall(self._platform, native_id, at, history=True)

    def _note(self, at: datetime, text: str, native_id: str) -> Message:
        kind = MessageKind.SYSTEM
        return Message(
            self._platform, ACCOUNT, native_id, self.group, self._system, at, kind, text, history=True
        )


def group_chat(
    platform: str, options: ReadOptions, native_id: str = "", name: str = "", hint: str = ""
) -> Chat:
    """Return the group that a file is about; what the person says stands in for what the file does not tell.

    A name alone is the group of that name that is known already, where there is exactly one.
    Raises ImportFormatError when neither tells.
    """
    given = options.group.strip()
    if not native_id and (given.endswith(ROOM_SUFFIX) or (platform == "qq" and given.isdigit())):
        native_id, given = given, ""
    name = name or given
    if not (native_id or name):
        said = f"（{hint}）" if hint else ""
        raise ImportFormatError(f"这种导出文件里没有群名{said}：请加上 --group 群名")
    return Chat(platform, native_id or options.known_groups.get((platform, clean_name(name)), ""), name)
