"""Private chats stay out, in the formats that do not tell a group from a private chat."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.events import GroupSnapshot, Message, MessageKind
from bot.importers.base import Read, Reason, Rejected

GROUP_PEOPLE = 3  # fewer who speak are taken for a private chat
HELD_EVENTS = 2_000


class _Waiting:
    """A chat of which it is not yet known whether it is a group."""

    def __init__(self) -> None:
        self.events: list[Read] = []
        self.speakers: set[str] = set()
        self.messages = 0

    def add(self, event: Read) -> None:
        self.events.append(event)
        if isinstance(event, Message):
            self.messages += 1
            if event.kind is not MessageKind.SYSTEM:
                self.speakers.add(event.sender.native_id)


def only_groups(events: Iterable[Read]) -> Iterator[Read]:
    """Hold back a chat until three people have spoken in it.

    What has fewer speakers at its end, or after 2,000 events, is rejected as a private chat, and what goes
    with it is rejected without its text. A recall or a rejected line belongs to the chat before it.
    """
    waiting: dict[str, _Waiting] = {"": _Waiting()}
    groups: set[str] = set()
    refused: dict[str, int] = {}
    key = ""
    for event in events:
        if isinstance(event, Message | GroupSnapshot) and event.group is not None:
            key = event.group.native_id
        if key in groups:
            yield event
        elif key in refused:
            if isinstance(event, Rejected):
                yield replace(event, raw="")
            refused[key] += isinstance(event, Message)
        else:
            chat = waiting.setdefault(key, _Waiting())
            chat.add(event)
            if len(chat.speakers) >= GROUP_PEOPLE:
                groups.add(key)
                yield from waiting.pop(key).events
            elif len(chat.events) > HELD_EVENTS:
                yield from _without_text(chat)
                refused[key] = chat.messages
                del waiting[key]
    for key, chat in waiting.items():
        yield from _without_text(chat)
        refused[key] = chat.messages
    for count in refused.values():
        if count:
            yield Rejected(None, Reason.PRIVATE_CHAT, count, "发言的不足三人，当作私聊")


def _without_text(chat: _Waiting) -> Iterator[Rejected]:
    return (replace(event, raw="") for event in chat.events if isinstance(event, Rejected))
