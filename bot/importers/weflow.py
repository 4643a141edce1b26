"""JSON of WeFlow and of EchoTrace, from which it comes."""

import re
from collections.abc import Iterator
from typing import Any

from bot.errors import ImportFormatError
from bot.events import MessageKind
from bot.importers.base import Head, Read, ReadOptions, Reason, Rejected, Source
from bot.importers.chat import Chat, group_chat
from bot.importers.fields import id_of, list_of, map_of, raw_item, text_of
from bot.importers.jsonstream import BrokenError, header, items
from bot.importers.kinds import body, guess, named_kind
from bot.importers.quotes import split_quote
from bot.importers.recent import Recent
from bot.importers.times import instant
from bot.importers.wechat_xml import is_markup, plain, quote, recalled_id, title

_SESSION = re.compile(r'"session"\s*:\s*\{[^{}]{0,2000}"(?:wxid|username|accountId|displayName)"\s*:')
_MESSAGE = re.compile(r'"(?:createTime|formattedTime)"\s*:')
_IDS = ("accountId", "wxid", "username")
_ROOM = "@chatroom"


class WeFlowReader:
    """Reads one chat of WeFlow or EchoTrace."""

    name = "weflow-json"
    title = "WeFlow / EchoTrace JSON"
    how_to_export = "WeFlow（或 EchoTrace）中选择该群，导出 → JSON。"

    def sniff(self, head: Head) -> bool:
        """Whether it is an object with a `session`, and messages that have a `createTime`."""
        text = head.text
        return text.lstrip().startswith("{") and bool(_SESSION.search(text) and _MESSAGE.search(text))

    def read(self, source: Source, options: ReadOptions) -> Iterator[Read]:
        """Yield the group and its messages. Raises ImportFormatError for a private chat."""
        top = header(source.open(), needed="session")
        session = map_of(top.get("session"))
        room = next((text_of(session[key]) for key in _IDS if session.get(key)), "")
        kind = text_of(session.get("type"))
        if kind == "私聊" or (room and not room.endswith(_ROOM) and kind != "群聊"):
            raise ImportFormatError(f"{source.name} 是私聊：只导入群聊")
        name = text_of(session.get("displayName")) or text_of(session.get("nickname"))
        chat = group_chat("wechat", options, room, name)
        senders: dict[str, tuple[str, str]] = {}
        for entry in list_of(top.get("senders")):
            sender = map_of(entry)
            shown = text_of(sender.get("groupNickname")) or text_of(sender.get("displayName"))
            senders[text_of(sender.get("senderID"))] = (text_of(sender.get("accountId")), shown)
        reading = _Reading(chat, senders, options)
        number = 0
        try:
            for number, item in enumerate(items(source.open(), "messages.item"), 1):
                yield from reading.message(number, item)
        except BrokenError:
            yield Rejected(number + 1, Reason.BROKEN)


class _Reading:
    """One chat while it is read; `senders` are (id, name) by number in the compact form."""

    def __init__(self, chat: Chat, senders: dict[str, tuple[str, str]], options: ReadOptions) -> None:
        self._chat = chat
        self._senders = senders
        self._options = options
        self._recent = Recent()

    def message(self, number: int, item: Any) -> Iterator[Read]:
        fields = map_of(item)
        if "createTime" not in fields and "formattedTime" not in fields:
            yield Rejected(number, Reason.NOT_A_MESSAGE, raw=raw_item(item))
            return
        at = instant(fields.get("createTime"), self._options.zone, self._options.now)
        if at is Reason.NO_TIME:
            at = instant(fields.get("formattedTime"), self._options.zone, self._options.now)
        if isinstance(at, Reason):
            yield Rejected(number, at, raw=raw_item(item))
            return
        native_id = id_of(fields.get("platformMessageId"))
        content = text_of(fields.get("content"))
        kind = named_kind(text_of(fields.get("type")))
        sender, name = self._senders.get(text_of(fields.get("senderID")), ("", ""))
        sender = sender or text_of(fields.get("senderUsername"))
        name = name or text_of(fields.get("senderDisplayName")) or sender
        if kind is MessageKind.SYSTEM or sender.endswith(_ROOM):
            yield from self._chat.system(at, plain(content), recalled_id(content) or native_id)
            return
        if not sender:
            yield Rejected(number, Reason.NO_SENDER, raw=raw_item(item))
            return
        quoted = self._recent.quote(
            id_of(fields.get("replyToMessageId")),
            text_of(fields.get("quotedContent")),
            text_of(fields.get("quotedSender")),
        )
        if is_markup(content):
            quoted, content = quoted or quote(content), title(content)
        elif kind is MessageKind.TEXT:
            written, content = split_quote(content)
            quoted = quoted or written
        if kind is MessageKind.UNKNOWN:
            kind, text, file = guess(content)
        else:
            text, file = body(kind, content)
        self._recent.remember(native_id, text, name)
        yield from self._chat.message(
            at, sender, name, kind, text, native_id=native_id, file_name=file, quote=quoted
        )
