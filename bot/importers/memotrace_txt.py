"""TXT of MemoTrace (留痕): `{time} {name}`, the content, a blank line."""

import re
from collections.abc import Iterator

from bot.events import MessageKind
from bot.importers.base import Head, Read, ReadOptions, Reason, Rejected, Source
from bot.importers.blocks import Block, blocks
from bot.importers.chat import Chat, group_chat
from bot.importers.kinds import guess
from bot.importers.privacy import only_groups
from bot.importers.quotes import split_quote
from bot.importers.times import instant

_HEADER = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (.+)", re.ASCII)
_QQ_END = re.compile(r"(?:\(\d{5,12}\)|<[^<>@\s]+@[^<>\s]+>)$")
_CARD = re.compile(r"\s*\[链接\]:title:(.*)")


class MemoTraceTxtReader:
    """Reads MemoTrace's TXT, which has no ids and no name of the group."""

    name = "memotrace-txt"
    title = "留痕 MemoTrace TXT（没有编号，只能按名字区分人）"
    how_to_export = "留痕中打开该群，导出 → TXT。文件里没有群名，导入时请加 --group 群名。"

    def sniff(self, head: Head) -> bool:
        """Whether it begins with a time and a name, and content or a blank line under it."""
        lines = head.lines
        first = next((index for index, line in enumerate(lines) if line.strip()), None)
        if first is None or not _HEADER.fullmatch(lines[first]) or _QQ_END.search(lines[first]):
            return False
        return "" in (line.strip() for line in lines[first + 1 :]) or len(lines) - first in (1, 2)

    def read(self, source: Source, options: ReadOptions) -> Iterator[Read]:
        """Yield the group once three people have spoken; a private chat is rejected."""
        return only_groups(self._read(source, options))

    def _read(self, source: Source, options: ReadOptions) -> Iterator[Read]:
        chat = group_chat("wechat", options, hint="留痕 TXT")
        for block in blocks(source.open(), _HEADER):
            yield from _message(chat, block, options)


def _message(chat: Chat, block: Block, options: ReadOptions) -> Iterator[Read]:
    if block.header is None:
        if block.text.strip():
            yield Rejected(block.line, Reason.ORPHAN_TEXT, raw=block.text)
        return
    at = instant(block.header[1], options.zone, options.now)
    if isinstance(at, Reason):
        yield Rejected(block.line, at, raw=f"{block.header[0]}\n{block.text}")
        return
    if not block.text.strip():
        # A system message has its words where others have the name.
        yield from chat.system(at, block.header[2])
        return
    if card := _CARD.match(block.text):
        yield from chat.message(at, "", block.header[2], MessageKind.LINK, card[1].strip())
        return
    quote, text = split_quote(block.text)
    kind, text, file = guess(text)
    yield from chat.message(at, "", block.header[2], kind, text, file_name=file, quote=quote)
