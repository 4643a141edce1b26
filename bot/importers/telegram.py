"""Telegram Desktop's `result.json`: one chat, or all of them."""

import re
from collections.abc import Iterator
from typing import Any

from bot.errors import ImportFormatError
from bot.events import MessageKind
from bot.importers.base import Head, Read, ReadOptions, Reason, Rejected, Source
from bot.importers.chat import Chat, group_chat
from bot.importers.fields import id_of, list_of, map_of, raw_item, text_of
from bot.importers.jsonstream import BrokenError, chats, header, items
from bot.importers.kinds import kinds
from bot.importers.recent import Recent
from bot.importers.times import instant

_ONE = re.compile(
    r'\A\s*\{(?:\s*"(?:name|type|id)"\s*:\s*(?:"(?:[^"\\]|\\.)*"|null|-?\d+)\s*,)+\s*"messages"\s*:\s*\['
)
_TYPE = re.compile(r'"type"\s*:\s*"(\w+)"')
_ALL = re.compile(
    r'"(?:chats|left_chats)"\s*:\s*\{\s*(?:"about"\s*:\s*"(?:[^"\\]|\\.)*"\s*,\s*)?"list"\s*:\s*\['
)
_ABOUT = re.compile(r'\A\s*\{\s*"about"\s*:\s*"[^"]{0,600}Telegram')
_GROUPS = frozenset({"private_group", "private_supergroup", "public_supergroup", "public_group"})
_CHANNELS = frozenset({"private_channel", "public_channel"})
_KINDS = ("personal_chat", "bot_chat", "saved_messages", "replies", "verify_codes", *_GROUPS, *_CHANNELS)


class TelegramReader:
    """Reads the groups of an export of Telegram Desktop."""

    name = "telegram"
    title = "Telegram Desktop JSON（result.json，单个群或全部）"
    how_to_export = (
        "Telegram Desktop 打开该群 → 右上角菜单 → Export chat history → 格式选 Machine-readable JSON。"
    )

    def sniff(self, head: Head) -> bool:
        """Whether it is a chat with name, type, id and messages, or a list of such chats."""
        if one := _ONE.match(head.text):
            found = _TYPE.search(one[0])
            return found is not None and found[1] in _KINDS
        return _ABOUT.match(head.text) is not None or _ALL.search(head.text) is not None

    def read(self, source: Source, options: ReadOptions) -> Iterator[Read]:
        """Yield each group's messages; private chats of a full export are rejected, each once.

        Raises ImportFormatError when the only chat is none of a group.
        """
        if _ONE.match(source.head.text):
            yield from self._one(source, options)
        else:
            yield from self._all(source, options)

    def _one(self, source: Source, options: ReadOptions) -> Iterator[Read]:
        top = header(source.open())
        kind = text_of(top.get("type"))
        if kind not in _GROUPS:
            raise ImportFormatError(f"{source.name} 不是群（type = {kind}）：只导入群聊")
        reading = _Reading(group_chat("telegram", options, text_of(top.get("id")), text_of(top.get("name"))))
        number = 0
        try:
            for number, item in enumerate(items(source.open(), "messages.item"), 1):
                yield from reading.message(number, item, options)
        except BrokenError:
            yield Rejected(number + 1, Reason.BROKEN)

    def _all(self, source: Source, options: ReadOptions) -> Iterator[Read]:
        readings: dict[str, _Reading] = {}
        refused: dict[tuple[str, str], int] = {}
        number = 0
        try:
            for number, (fields, item) in enumerate(chats(source.open()), 1):
                kind, chat_id = text_of(fields.get("type")), text_of(fields.get("id"))
                if kind not in _GROUPS:
                    refused[kind, chat_id] = refused.get((kind, chat_id), 0) + 1
                    continue
                if chat_id not in readings:
                    readings[chat_id] = _Reading(Chat("telegram", chat_id, text_of(fields.get("name"))))
                yield from readings[chat_id].message(number, item, options)
        except BrokenError:
            yield Rejected(number + 1, Reason.BROKEN)
        for (kind, _), count in refused.items():
            reason = Reason.NOT_A_GROUP if kind in _CHANNELS else Reason.PRIVATE_CHAT
            yield Rejected(None, reason, count, kind[:40])


class _Reading:
    """One group while it is read."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._recent = Recent()

    def message(self, number: int, item: Any, options: ReadOptions) -> Iterator[Read]:
        fields = map_of(item)
        if "id" not in fields:
            yield Rejected(number, Reason.NOT_A_MESSAGE, raw=raw_item(item))
            return
        at = instant(fields.get("date_unixtime") or fields.get("date"), options.zone, options.now)
        if isinstance(at, Reason):
            yield Rejected(number, at, raw=raw_item(item))
            return
        native_id = self._id(fields.get("id"))
        text, mentions = self._text(fields)
        if fields.get("type") == "service":
            note = " ".join(
                word for word in (text_of(fields.get("actor")), text_of(fields.get("action"))) if word
            )
            yield from self._chat.system(at, note, native_id)
            return
        sender = text_of(fields.get("from_id")).removeprefix("user")
        name = text_of(fields.get("from")) or sender
        if not name:
            yield Rejected(number, Reason.NO_SENDER, raw=raw_item(item))
            return
        kind = _kind(fields, text)
        reply = self._id(fields.get("reply_to_message_id"))
        quoted = self._recent.quote(reply) if reply else None
        self._recent.remember(native_id, text, name)
        file = text_of(fields.get("file_name")) if kind is MessageKind.FILE else ""
        yield from self._chat.message(
            at, sender, name, kind, text, native_id=native_id, file_name=file, quote=quoted, mentions=mentions
        )

    def _id(self, value: Any) -> str:
        """Return a message's id with the group's before it: Telegram counts them in each group."""
        number = id_of(value)
        return f"{self._chat.group.native_id}:{number}" if number else ""

    def _text(self, fields: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
        """Return the text, a string or a list of strings and entities, and whom it mentions."""
        text = fields.get("text")
        if isinstance(text, str):
            return text, self._mentioned(list_of(fields.get("text_entities")))
        parts = list_of(text)
        words = "".join(
            part if isinstance(part, str) else text_of(map_of(part).get("text")) for part in parts
        )
        return words, self._mentioned(parts)

    def _mentioned(self, parts: list[Any]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for part in parts:
            entity = map_of(part)
            if entity.get("type") == "mention_name":
                person = id_of(entity.get("user_id")) or self._chat.people.named(text_of(entity.get("text")))
            elif entity.get("type") == "mention":
                person = self._chat.people.named(text_of(entity.get("text")).lstrip("@"))
            else:
                continue
            if person:
                found[person] = None
        return tuple(found)


def _kind(fields: dict[str, Any], text: str) -> MessageKind:
    """Return the kind; a medium with words under it is a text, a file keeps its kind."""
    medium = kinds().telegram.get(text_of(fields.get("media_type")))
    for field, kind in (
        ("photo", MessageKind.IMAGE),
        ("contact_information", MessageKind.CONTACT_CARD),
        ("location_information", MessageKind.LOCATION),
        ("poll", MessageKind.CHAIN),
        ("file", MessageKind.FILE),
    ):
        if medium is None and field in fields:
            medium = kind
    if medium is None:
        return MessageKind.FORWARD if fields.get("forwarded_from") and not text else MessageKind.TEXT
    return MessageKind.TEXT if text and medium is not MessageKind.FILE else medium
