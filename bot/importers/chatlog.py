"""What a chatlog server answers, as JSON or CSV, saved to a file or fetched from it."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from bot.events import MessageKind, Quote
from bot.importers.base import Head, Read, ReadOptions, Reason, Rejected, Source
from bot.importers.chat import Chat, group_chat
from bot.importers.csvstream import TooLongError, header_of, positions, raw_line, rows
from bot.importers.fields import cell, map_of, number_of, raw_item, text_of
from bot.importers.jsonstream import BrokenError, items
from bot.importers.kinds import body, guess, wechat_kind
from bot.importers.quotes import split_marked
from bot.importers.times import instant
from bot.importers.wechat_xml import plain

_ARRAY = re.compile(r'\A\s*(\{[^\[\]]{0,400}?"items"\s*:\s*)?\[\s*\{')
_FIELDS = ("talker", "sender", "type")
_SAMPLE = 8_000  # characters: the first message, whatever stands in it
_COLUMNS = ["Time", "SenderName", "Sender", "TalkerName", "Talker", "Content"]
_ROOMS = ("@chatroom", "@im.chatroom")
_SYSTEM = "系统消息"


class _Rooms:
    """The groups of an answer; other talkers are only counted."""

    def __init__(self, options: ReadOptions) -> None:
        self._options = options
        self._chats: dict[str, Chat] = {}
        self._private: dict[str, int] = {}

    def get(self, talker: str, name: str, *, is_room: bool) -> Chat | None:
        """Return a group; None for a private chat."""
        if not is_room and not talker.endswith(_ROOMS):
            self._private[talker] = self._private.get(talker, 0) + 1
            return None
        chat = self._chats.get(talker)
        if chat is None:
            chat = self._chats[talker] = group_chat("wechat", self._options, talker, name)
        return chat

    def refused(self) -> Iterator[Rejected]:
        """Yield one refusal for each private chat."""
        for count in self._private.values():
            yield Rejected(None, Reason.PRIVATE_CHAT, count, "单聊")


class ChatlogReader:
    """Reads the array of messages, of one or several talkers."""

    name = "chatlog-json"
    title = "chatlog JSON（文件或地址）"
    how_to_export = (
        "启动 chatlog 的 HTTP 服务后，直接导入地址 "
        "http://127.0.0.1:5030/api/v1/chatlog?time=2024-01-01~2024-12-31&talker=群号@chatroom&format=json，或先存成文件。"
    )

    def sniff(self, head: Head) -> bool:
        """Whether it is an array whose first object has talker, sender and type."""
        found = _ARRAY.match(head.text)
        begin = head.text[found.end() - 1 :][:_SAMPLE] if found else ""
        return all(f'"{name}"' in begin for name in _FIELDS)

    def read(self, source: Source, options: ReadOptions) -> Iterator[Read]:
        """Yield each group's messages; private chats are rejected, each once."""
        rooms = _Rooms(options)
        prefix = "item" if source.head.text.lstrip().startswith("[") else "items.item"
        number = 0
        try:
            for number, item in enumerate(items(source.open(), prefix), 1):
                yield from _message(rooms, number, item, options)
        except BrokenError:
            yield Rejected(number + 1, Reason.BROKEN)
        yield from rooms.refused()


def _message(rooms: _Rooms, number: int, item: Any, options: ReadOptions) -> Iterator[Read]:
    fields = map_of(item)
    talker = text_of(fields.get("talker"))
    if not talker:
        yield Rejected(number, Reason.NOT_A_MESSAGE)
        return
    chat = rooms.get(talker, text_of(fields.get("talkerName")), is_room=fields.get("isChatRoom") is True)
    if chat is None:
        return
    at = instant(fields.get("time"), options.zone, options.now)
    if isinstance(at, Reason):
        yield Rejected(number, at, raw=raw_item(item))
        return
    # The sequence is time and a counter: not the platform's id, but the same in every export.
    seq = text_of(fields.get("seq"))
    native_id = f"seq:{seq}" if seq not in ("", "0") else ""
    sender = text_of(fields.get("sender"))
    content = text_of(fields.get("content"))
    contents = map_of(fields.get("contents"))
    kind = wechat_kind(number_of(fields.get("type")), number_of(fields.get("subType")))
    if kind is MessageKind.SYSTEM or sender == _SYSTEM:
        yield from chat.system(at, plain(content), native_id)
        return
    name = text_of(fields.get("senderName")) or sender or ("我" if fields.get("isSelf") is True else "")
    if not name:
        yield Rejected(number, Reason.NO_SENDER, raw=raw_item(item))
        return
    text, file = body(kind, content or text_of(contents.get("title")))
    quoted = _refer(map_of(contents.get("refer")))
    yield from chat.message(at, sender, name, kind, text, native_id=native_id, file_name=file, quote=quoted)


def _refer(refer: dict[str, Any]) -> Quote | None:
    if not refer:
        return None
    title = text_of(map_of(refer.get("contents")).get("title"))
    name = text_of(refer.get("senderName")) or text_of(refer.get("sender"))
    return Quote(text_of(refer.get("content")) or title, None, name)


class ChatlogCsvReader:
    """Reads chatlog's CSV, in which media are written as Markdown."""

    name = "chatlog-csv"
    title = "chatlog CSV"
    how_to_export = "chatlog 地址中写 format=csv，存成文件后导入；能用 JSON 时优先用 JSON。"

    def sniff(self, head: Head) -> bool:
        """Whether the header line has chatlog's columns."""
        columns = header_of(head.text)
        return set(_COLUMNS) <= set(columns)

    def read(self, source: Source, options: ReadOptions) -> Iterator[Read]:
        """Yield each group's messages; private chats are rejected, each once."""
        rooms = _Rooms(options)
        lines = rows(source.open())
        at = positions(next(lines, (0, [""]))[1], _COLUMNS)
        line = 0
        try:
            for line, row in lines:
                yield from _row(rooms, at, line, row, options)
        except TooLongError:
            yield Rejected(line + 1, Reason.TOO_LONG)
        yield from rooms.refused()


def _row(rooms: _Rooms, at: Sequence[int], line: int, row: list[str], options: ReadOptions) -> Iterator[Read]:
    local, name, sender, talker_name, talker, content = (cell(row, i) for i in at)
    if len(row) <= max(at):
        yield Rejected(line, Reason.MISSING_CELLS)
        return
    chat = rooms.get(talker, talker_name, is_room=False)
    if chat is None:
        return
    moment = instant(local, options.zone, options.now)
    if isinstance(moment, Reason):
        yield Rejected(line, moment, raw=raw_line(row))
        return
    if sender == _SYSTEM:
        yield from chat.system(moment, plain(content))
        return
    if not (sender or name):
        yield Rejected(line, Reason.NO_SENDER, raw=raw_line(row))
        return
    quoted, content = split_marked(content)
    kind, text, file = guess(content)
    yield from chat.message(moment, sender, name or sender, kind, text, file_name=file, quote=quoted)
