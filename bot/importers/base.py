"""The contract between jianfu and a file that somebody exported from a chat program.

A reader turns one format into the events that channels make, marked as history, one after the other and
in constant memory. It knows a format by its header and structure, never by a file's name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO, Protocol
from zoneinfo import ZoneInfo

from bot.events import GroupSnapshot, Label, Message, Recall

ACCOUNT = "import"


class Reason(StrEnum):
    """Why something in a file was not taken; the value is what users read."""

    BROKEN = "文件在此处中断或损坏，之前的内容已读取"
    NOT_A_MESSAGE = "不是一条消息（结构与格式不符）"
    MISSING_CELLS = "这一行缺列"
    NO_TIME = "没有时间，或时间写法不认识"
    BAD_TIME = "时间不可信（早于 2005 年或在未来）"
    NO_SENDER = "没有发送人"
    ORPHAN_TEXT = "不属于任何一条消息的文字"
    TOO_LONG = "一格文字过长（超过 16 MB）"
    PRIVATE_CHAT = "私聊不导入"
    NOT_A_GROUP = "频道、公众号等不是群，不导入"


@dataclass(frozen=True, slots=True)
class Rejected:
    """Something that was not taken.

    `line` counts lines of a text file, or messages of a JSON file, from 1. `raw` is what stood there, for
    the file of rejected lines only: it is empty for private chats, and never shown or logged.
    """

    line: int | None
    reason: Reason
    count: int = 1
    chat: str = ""  # the kind of chat, where that is the reason
    raw: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A message from our own export: its labels are known, its text is mostly gone."""

    message: Message
    labels: frozenset[Label]
    emergency: bool = False
    length: int = 0  # characters of the text that was


Read = GroupSnapshot | Message | Recall | Labelled | Rejected


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of a file: enough to know its format by."""

    text: str = field(repr=False)
    encoding: str
    whole: bool  # nothing comes after it

    @property
    def lines(self) -> list[str]:
        """Its complete lines, without line ends."""
        lines = self.text.splitlines()
        return lines if self.whole or len(lines) < 2 else lines[:-1]


class Source(Protocol):
    """Where the bytes of one export come from."""

    name: str

    @property
    def head(self) -> Head:
        """The beginning, decoded. Raises ImportFormatError when it is not text."""
        ...

    def open(self) -> BinaryIO:
        """Return the bytes from the start, as UTF-8. May be called again only where `rereadable`."""
        ...

    def sibling(self, name: str) -> str | None:
        """Return the text of a file beside this one, None when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the person who runs the import knows better than the file."""

    zone: ZoneInfo
    now: datetime
    group: str = ""  # the group's name, or its native id
    known_groups: Mapping[tuple[str, str], str] = field(
        default_factory=dict
    )  # native ids by platform and name


class Reader(Protocol):
    """One format."""

    name: str
    title: str
    how_to_export: str

    def sniff(self, head: Head) -> bool:
        """Whether this is the format, by header and structure."""
        ...

    def read(self, source: Source, options: ReadOptions) -> Iterator[Read]:
        """Yield each group's snapshot, then its messages and recalls, and what was not taken.

        Raises ImportFormatError for a private chat, and when the group's name must be given.
        """
        ...
