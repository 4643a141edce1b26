"""Reading a sample file as lines that a person can compare."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.events import GroupSnapshot, Message, Recall
from bot.importers.base import Labelled, Read, ReadOptions, Rejected
from bot.importers.registry import detect
from bot.importers.sources import FileSource

FILES = Path(__file__).parent / "files"
NOW = datetime(2025, 12, 1, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
NAMELESS = {"memotrace-csv", "memotrace-csv-old", "memotrace-txt", "weclone-csv"}


def options(group: str = "") -> ReadOptions:
    return ReadOptions(ZONE, NOW, group)


def read(path: Path) -> list[Read]:
    """Read a file as its format demands: with a group's name where it has none."""
    source = FileSource(path)
    reader = detect(source)
    return list(reader.read(source, options("测试群" if reader.name in NAMELESS else "")))


def shown(events: Iterable[Read]) -> list[str]:
    """Render events, one line each, with every field that is set."""
    return [_shown(event) for event in events]


def _shown(event: Read) -> str:
    if isinstance(event, Labelled):
        return (
            f"{_shown(event.message)} 标签={sorted(event.labels)} 紧急={event.emergency} 字数={event.length}"
        )
    if isinstance(event, GroupSnapshot):
        members = "、".join(
            f"{m.person.native_id}({m.person.name}){m.role.value}{'机器人' if m.person.is_bot else ''}"
            for m in event.members
        )
        return f"群 {event.group.platform} {event.group.native_id} {event.group.name} 成员[{members}] 完整={event.complete}"
    if isinstance(event, Recall):
        return f"撤回 {event.platform} {event.message_id}"
    if isinstance(event, Rejected):
        return f"拒绝 {event.line} {event.reason.name} ×{event.count} {event.chat}".rstrip()
    assert isinstance(event, Message)
    assert event.group
    assert event.history
    parts = [
        f"消息 {event.native_id or '-'} @{event.group.native_id}",
        event.sent_at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M:%S"),
        f"{event.sender.native_id}({event.sender.name})",
        event.kind.value,
        repr(event.text),
    ]
    if event.mentions:
        parts.append(f"提到={','.join(event.mentions)}")
    if event.mentions_all:
        parts.append("提到所有人")
    if event.quote:
        parts.append(f"引用={event.quote.message_id}/{event.quote.sender_name}/{event.quote.text!r}")
    if event.file_name:
        parts.append(f"文件={event.file_name}")
    return " ".join(parts)
