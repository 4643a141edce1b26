"""CSV of MemoTrace (留痕), in its old form with WeChat's type numbers and its new form with Chinese columns."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.errors import ImportFormatError
from bot.events import MessageKind
from bot.importers.base import Head, Read, ReadOptions, Reason, Rejected, Source
from bot.importers.chat import Chat, group_chat
from bot.importers.csvstream import TooLongError, header_of, positions, raw_line, rows
from bot.importers.fields import cell, id_of, number_of
from bot.importers.kinds import body, guess, named_kind, wechat_kind
from bot.importers.privacy import only_groups
from bot.importers.quotes import split_quote
from bot.importers.times import instant
from bot.importers.wechat_xml import is_markup, plain, quote, recalled_id, title

_OLD = [
    "TalkerId",
    "Type",
    "SubType",
    "IsSender",
    "CreateTime",
    "StrContent",
    "StrTime",
    "Remark",
    "NickName",
    "Sender",
]
_NEW = ["消息ID", "类型", "发送人", "时间", "内容", "备注", "昵称"]
_OLD_PRIVATE_CELLS = 9  # the columns of the sender are written for groups only


class MemoTraceOldReader:
    """Reads MemoTrace's CSV with `localId, TalkerId, Type, SubType, …`; several groups may be in one file."""

    name = "memotrace-csv-old"
    title = "留痕 MemoTrace CSV（旧版，localId 开头）"
    how_to_export = "留痕中打开该群，导出 → CSV。文件里没有群名，导入时请加 --group 群名。"

    def sniff(self, head: Head) -> bool:
        """Whether the header line has the old columns."""
        header = header_of(head.text)
        return {"localId", "TalkerId", "StrContent", "StrTime"} <= set(header)

    def read(self, source: Source, options: ReadOptions) -> Iterator[Read]:
        """Yield each group once three people have spoken; private chats are rejected."""
        return only_groups(self._read(source, options))

    def _read(self, source: Source, options: ReadOptions) -> Iterator[Read]:
        if not options.group.strip():
            raise ImportFormatError("留痕 CSV 里没有群名：请加上 --group 群名")
        lines = rows(source.open())
        at = positions(next(lines, (0, [""]))[1], _OLD)
        chats: dict[str, Chat] = {}
        line = 0
        try:
            for line, row in lines:
                yield from _old_row(chats, at, line, row, options)
        except TooLongError:
            yield Rejected(line + 1, Reason.TOO_LONG)


def _old_row(
    chats: dict[str, Chat], at: Sequence[int], line: int, row: list[str], options: ReadOptions
) -> Iterator[Read]:
    talker, kind_number, share, own, created, content, local, remark, nick, sender = (
        cell(row, i) for i in at
    )
    raw = raw_line(row) if len(chats) < 2 else ""  # other chats of the file may be private
    if len(row) < _OLD_PRIVATE_CELLS:
        yield Rejected(line, Reason.MISSING_CELLS, raw=raw)
        return
    if len(row) == _OLD_PRIVATE_CELLS:
        yield Rejected(line, Reason.PRIVATE_CHAT, chat="没有发送人三列，是单聊的导出")
        return
    moment = instant(created, options.zone, options.now)
    if moment is Reason.NO_TIME:
        moment = instant(local, options.zone, options.now)
    if isinstance(moment, Reason):
        yield Rejected(line, moment, raw=raw)
        return
    chat = chats.get(talker)
    if chat is None:
        # The first group has the name that was given; more of them are told apart by MemoTrace's number.
        name = options.group if not chats else f"{options.group}（{talker}）"
        chat = group_chat("wechat", replace(options, group=name))
        chats[talker] = chat
    kind = wechat_kind(number_of(kind_number), number_of(share))
    if kind is MessageKind.SYSTEM:
        yield from chat.system(moment, plain(content), recalled_id(content))
        return
    name = remark or nick or ("我" if own == "1" else "")
    if not sender and not name:
        yield Rejected(line, Reason.NO_SENDER, raw=raw)
        return
    chat.people.call(sender, nick)
    quoted = quote(content) if is_markup(content) else None
    text, file = body(kind, title(content) if is_markup(content) else content)
    yield from chat.message(moment, sender, name, kind, text, file_name=file, quote=quoted)


class MemoTraceNewReader:
    """Reads MemoTrace's CSV with Chinese columns, which has no ids of people: names tell them apart."""

    name = "memotrace-csv"
    title = "留痕 MemoTrace CSV（新版，中文表头；没有发送人编号，只能按名字区分人）"
    how_to_export = "留痕中打开该群，导出 → CSV。文件里没有群名，导入时请加 --group 群名。"

    def sniff(self, head: Head) -> bool:
        """Whether the header line has the new columns."""
        header = header_of(head.text)
        return {"消息ID", "类型", "发送人", "时间", "内容"} <= set(header)

    def read(self, source: Source, options: ReadOptions) -> Iterator[Read]:
        """Yield the group once three people have spoken; a private chat is rejected."""
        return only_groups(self._read(source, options))

    def _read(self, source: Source, options: ReadOptions) -> Iterator[Read]:
        chat = group_chat("wechat", options, hint="留痕 CSV")
        lines = rows(source.open())
        at = positions(next(lines, (0, [""]))[1], _NEW)
        line = 0
        try:
            for line, row in lines:
                yield from _new_row(chat, at, line, row, options)
        except TooLongError:
            yield Rejected(line + 1, Reason.TOO_LONG)


def _new_row(
    chat: Chat, at: Sequence[int], line: int, row: list[str], options: ReadOptions
) -> Iterator[Read]:
    number, type_name, sender, local, content, remark, nick = (cell(row, i) for i in at)
    if len(row) <= at[4]:
        yield Rejected(line, Reason.MISSING_CELLS, raw=raw_line(row))
        return
    moment = instant(local, options.zone, options.now)
    if isinstance(moment, Reason):
        yield Rejected(line, moment, raw=raw_line(row))
        return
    native_id = id_of(number)
    kind = named_kind(type_name)
    if kind is MessageKind.SYSTEM:
        yield from chat.system(moment, plain(content), native_id)
        return
    name = sender or remark or nick
    if not name.strip():
        yield Rejected(line, Reason.NO_SENDER, raw=raw_line(row))
        return
    quoted = None
    if kind is MessageKind.UNKNOWN:
        kind, text, file = guess(content)
    else:
        text, file = body(kind, content)
    if kind is MessageKind.TEXT:
        quoted, text = split_quote(text)
    person = chat.people.ref("", name).native_id
    for other in (remark, nick):
        chat.people.call(person, other)
    yield from chat.message(moment, "", name, kind, text, native_id=native_id, file_name=file, quote=quoted)
