"""CSV of PyWxDump (with `room_name`) and of WeClone, WeFlow and EchoTrace (without)."""

import json
from collections.abc import Iterator, Sequence

from bot.events import MessageKind
from bot.importers.base import Head, Read, ReadOptions, Reason, Rejected, Source
from bot.importers.chat import Chat, group_chat
from bot.importers.csvstream import TooLongError, header_of, positions, raw_line, rows
from bot.importers.fields import cell, id_of, map_of, text_of
from bot.importers.kinds import body, guess, named_kind
from bot.importers.privacy import only_groups
from bot.importers.quotes import split_quote
from bot.importers.times import instant
from bot.importers.wechat_xml import is_markup, plain, quote, title

_COLUMNS = ["MsgSvrID", "type_name", "is_sender", "talker", "room_name", "msg", "src", "CreateTime"]
_NEEDED = {"MsgSvrID", "type_name", "is_sender", "talker", "msg", "CreateTime"}
_ROOM = "@chatroom"
_NOBODY = frozenset({"未知", "系统"})
_USERS = "users.json"
_ANYTHING = "text"  # WeClone's name for whatever is no medium: links and cards stand in brackets


def _columns(head: Head) -> set[str]:
    return set(header_of(head.text))


class PyWxDumpReader:
    """Reads PyWxDump's CSV; the names of people are in `users.json` beside it, where it is."""

    name = "pywxdump-csv"
    title = "PyWxDump / WeClone CSV（有 room_name 列）"
    how_to_export = "PyWxDump 中选择该群，导出 → CSV；请连同生成的 users.json 放在同一目录，以便显示名字。"

    def sniff(self, head: Head) -> bool:
        """Whether the header line has PyWxDump's columns."""
        return _columns(head) >= _NEEDED | {"room_name"}

    def read(self, source: Source, options: ReadOptions) -> Iterator[Read]:
        """Yield the groups by `room_name`; rows of other rooms are private chats and rejected."""
        users = _users(source.sibling(_USERS))
        chats: dict[str, Chat] = {}
        lines = rows(source.open())
        at = positions(next(lines, (0, [""]))[1], _COLUMNS)
        table = _Table(at, users, options)
        line = 0
        try:
            for line, row in lines:
                room = cell(row, at[4])
                if not room.endswith(_ROOM):
                    reason = Reason.PRIVATE_CHAT if room else Reason.MISSING_CELLS
                    yield Rejected(line, reason, chat="单聊" if room else "")
                    continue
                chat = chats.get(room)
                if chat is None:
                    chat = chats[room] = group_chat("wechat", options, room, users.get(room, ""))
                yield from table.row(chat, line, row)
        except TooLongError:
            yield Rejected(line + 1, Reason.TOO_LONG)


class WeCloneReader:
    """Reads the CSV without rooms, in which people are told apart by name."""

    name = "weclone-csv"
    title = "WeFlow / EchoTrace / WeClone CSV（没有 room_name 列；按名字区分人）"
    how_to_export = (
        "WeFlow 中选择该群，导出 → WeClone CSV。文件里没有群名，导入时请加 --group 群名；导出为 JSON 更好。"
    )

    def sniff(self, head: Head) -> bool:
        """Whether the header line has WeClone's columns."""
        columns = _columns(head)
        return columns >= _NEEDED and "room_name" not in columns

    def read(self, source: Source, options: ReadOptions) -> Iterator[Read]:
        """Yield the group once three people have spoken; a private chat is rejected."""
        return only_groups(self._read(source, options))

    def _read(self, source: Source, options: ReadOptions) -> Iterator[Read]:
        chat = group_chat("wechat", options, hint="WeClone CSV")
        lines = rows(source.open())
        table = _Table(positions(next(lines, (0, [""]))[1], _COLUMNS), {}, options)
        line = 0
        try:
            for line, row in lines:
                yield from table.row(chat, line, row)
        except TooLongError:
            yield Rejected(line + 1, Reason.TOO_LONG)


class _Table:
    """The rows of one file."""

    def __init__(self, at: Sequence[int], users: dict[str, str], options: ReadOptions) -> None:
        self._at = at
        self._users = users
        self._options = options

    def row(self, chat: Chat, line: int, row: list[str]) -> Iterator[Read]:
        number, type_name, own, talker, _, content, source_path, created = (cell(row, i) for i in self._at)
        at = self._at
        if len(row) <= max(at[3], at[5], at[7]):
            yield Rejected(line, Reason.MISSING_CELLS, raw=raw_line(row))
            return
        moment = instant(created, self._options.zone, self._options.now)
        if isinstance(moment, Reason):
            yield Rejected(line, moment, raw=raw_line(row))
            return
        native_id = id_of(number)
        kind = named_kind(type_name)
        if kind is MessageKind.SYSTEM or talker == "系统":
            words = plain(content) or type_name
            yield from chat.system(
                moment, "撤回了一条消息" if type_name.startswith("消息撤回") else words, native_id
            )
            return
        talker = talker.strip() or ("我" if own == "1" else "")
        if not talker or talker in _NOBODY:
            yield Rejected(line, Reason.NO_SENDER, raw=raw_line(row))
            return
        quoted, text, file = None, content, ""
        if is_markup(content):
            quoted, text = quote(content), title(content)
        elif kind in (MessageKind.TEXT, MessageKind.UNKNOWN):
            quoted, text = split_quote(content)
        if kind is MessageKind.UNKNOWN or (type_name == _ANYTHING and quoted is None):
            kind, text, file = guess(text)
        else:
            text, file = body(kind, text)
        if kind is MessageKind.FILE and not file:
            file = body(kind, source_path)[1]
        # An id where the tool gives one; in WeClone's form it is a name.
        known = at[4] >= 0 and talker != "我"
        sender = (talker, self._users.get(talker, "")) if known else ("", talker)
        yield from chat.message(
            moment, *sender, kind, text, native_id=native_id, file_name=file, quote=quoted
        )


def _users(text: str | None) -> dict[str, str]:
    """Return the names by id of PyWxDump's `users.json`."""
    try:
        entries = map_of(json.loads(text)) if text else {}
    except (ValueError, RecursionError):
        return {}
    names = {}
    for native_id, entry in entries.items():
        fields = map_of(entry)
        names[native_id] = text_of(fields.get("remark")) or text_of(fields.get("nickname"))
    return names
