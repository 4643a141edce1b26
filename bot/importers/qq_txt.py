"""TXT of the QQ desktop program's message manager: one or all chats."""

import re
from collections.abc import Iterator

from bot.events import Role
from bot.importers.base import Head, Read, ReadOptions, Reason, Rejected, Source
from bot.importers.blocks import Block, blocks
from bot.importers.chat import Chat, group_chat
from bot.importers.kinds import guess
from bot.importers.privacy import only_groups
from bot.importers.times import instant

_TIME = r"(?P<time>\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d\d:\d\d(?: [AP]M)?)"
_HEADER = re.compile(
    rf"消息(?P<section>分组|对象)[:：](?P<value>.*)|{_TIME} (?P<name>.*?)(?:\((?P<uin>\d{{4,12}})\)|<(?P<mail>[^<>\s]+)>)?",
    re.ASCII,
)
_IDENTIFIED = re.compile(rf"{_TIME} .*(?:\(\d{{4,12}}\)|<[^<>\s]+>)", re.ASCII)
_FIRST = "消息记录（此消息记录为文本格式"
_TITLES = re.compile(r"(?:【[^】]{0,20}】\s*)+")
_ROLES = {"【群主】": Role.OWNER, "【管理员】": Role.ADMIN}
_SYSTEM = frozenset({"10000", "1000000"})
_DISCUSSIONS = frozenset({"多人聊天", "讨论组", "我的讨论组"})  # their lines have names only
_PRIVATE = frozenset({"我的好友", "陌生人", "黑名单", "临时会话", "特别关心", "我的设备"})


class QqTxtReader:
    """Reads the text that QQ for Windows exports."""

    name = "qq-txt"
    title = "QQ 电脑版 TXT（消息管理器导出）"
    how_to_export = "QQ 电脑版 → 消息管理器 → 右键该群 → 导出消息记录，保存类型选文本文件（*.txt）。"

    def sniff(self, head: Head) -> bool:
        """Whether it has the header block, or its first lines are times with names and QQ numbers."""
        begin = head.text[:2_000]
        if _FIRST in begin or ("消息分组" in begin and "消息对象" in begin):
            return True
        first = next((line for line in head.lines if line.strip()), "")
        return _IDENTIFIED.fullmatch(first[:400]) is not None

    def read(self, source: Source, options: ReadOptions) -> Iterator[Read]:
        """Yield each group once three people have spoken; private chats are rejected."""
        return only_groups(self._read(source, options))

    def _read(self, source: Source, options: ReadOptions) -> Iterator[Read]:
        section, chat = "", None
        for block in blocks(source.open(), _HEADER):
            found = block.header
            if found is None:
                if block.text.strip() and not block.text.lstrip().startswith("消息记录"):
                    yield Rejected(block.line, Reason.ORPHAN_TEXT, raw=block.text)
            elif found["section"] == "分组":
                section = found["value"].strip()
            elif found["section"]:
                chat = group_chat("qq", options, name=found["value"].strip() or "（无名）")
            else:
                if chat is None:
                    chat = group_chat("qq", options, hint="QQ TXT 的头部被删去了")
                yield from _message(chat, section, block, found, options)


def _message(
    chat: Chat, section: str, block: Block, found: re.Match[str], options: ReadOptions
) -> Iterator[Read]:
    identity = found["uin"] or found["mail"] or ""
    if section in _PRIVATE or (section and not identity and section not in _DISCUSSIONS):
        yield Rejected(block.line, Reason.PRIVATE_CHAT, chat="好友聊天")
        return
    at = instant(found["time"], options.zone, options.now)
    if isinstance(at, Reason):
        yield Rejected(block.line, at, raw=f"{found[0]}\n{block.text}")
        return
    name = found["name"].strip()
    if identity in _SYSTEM or (not identity and name == "系统消息"):
        yield from chat.system(at, block.text)
        return
    titles = _TITLES.match(name)
    bare = name[titles.end() :].strip() if titles else name
    if not identity and not bare:
        yield Rejected(block.line, Reason.NO_SENDER, raw=f"{found[0]}\n{block.text}")
        return
    shown = bare or name or identity
    role = next((role for word, role in _ROLES.items() if titles and word in titles[0]), None)
    kind, text, file = guess(block.text)
    yield from chat.message(at, identity, shown, kind, text, file_name=file)
    if role and chat.learned(identity, shown, role):
        yield from chat.closing(at)
