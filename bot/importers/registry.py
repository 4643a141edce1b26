"""Which reader a file is for, and which files a folder holds."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from bot.errors import ImportFormatError
from bot.importers.base import Head, Reader, Source
from bot.importers.chatlab import ChatLabReader
from bot.importers.chatlog import ChatlogCsvReader, ChatlogReader
from bot.importers.memotrace_csv import MemoTraceNewReader, MemoTraceOldReader
from bot.importers.memotrace_txt import MemoTraceTxtReader
from bot.importers.qq_json import QqJsonReader
from bot.importers.qq_txt import QqTxtReader
from bot.importers.telegram import TelegramReader
from bot.importers.wechat_csv import PyWxDumpReader, WeCloneReader
from bot.importers.weflow import WeFlowReader

# QQ's text goes before MemoTrace's, whose header line is more general.
READERS: tuple[Reader, ...] = (
    ChatLabReader(),
    WeFlowReader(),
    ChatlogReader(),
    QqJsonReader(),
    TelegramReader(),
    MemoTraceOldReader(),
    MemoTraceNewReader(),
    PyWxDumpReader(),
    WeCloneReader(),
    ChatlogCsvReader(),
    QqTxtReader(),
    MemoTraceTxtReader(),
)
_FIELD = re.compile(r'"([A-Za-z_]\w{0,30})"\s*:', re.ASCII)
_SHOWN = 40  # characters of a header that an error shows
_COMPANIONS = {"users.json": "PyWxDump 的联系人表，会随同目录的 CSV 一起使用"}


def detect(source: Source) -> Reader:
    """Return the reader for a source. Raises ImportFormatError saying what was seen and what is read."""
    head = source.head
    for reader in READERS:
        if reader.sniff(head):
            return reader
    known = "；".join(reader.title for reader in READERS)
    raise ImportFormatError(
        f"{source.name} 认不出格式：{_seen(head)}。能读的有：{known}（详见 jianfu import --formats）"
    )


def files_of(path: Path) -> Iterator[Path]:
    """Yield a file itself, or the files of a folder and its folders, in order; hidden ones and links are left out."""
    if not path.is_dir():
        yield path
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(folder, name)
            if not name.startswith(".") and file.is_file() and not file.is_symlink():
                yield file


def companion(path: Path) -> str | None:
    """Return what a file is that some exporter writes beside its export, None for any other."""
    return _COMPANIONS.get(path.name)


def _seen(head: Head) -> str:
    """Return what kind of text this is, with nothing of anybody's message: the names of columns or fields only."""
    text = head.text.lstrip("\ufeff \t\r\n")
    if not text:
        return "文件是空的"
    if text.strip() in ("[]", "{}", "null"):
        return "里面没有任何记录"
    if text[0] in "{[":
        fields = list(dict.fromkeys(_FIELD.findall(text[:2_000])))[:6]
        return f"是 JSON（{head.encoding}），开头的字段为 {'、'.join(fields) or '（无）'}"
    first = text.splitlines()[0]
    if "," in first and len(first) < 400 and not any(c.isdigit() for c in first):
        return f"像 CSV（{head.encoding}），表头为 {first[:_SHOWN]}"
    return f"是文本（{head.encoding}），第一行有 {len(first)} 字"
