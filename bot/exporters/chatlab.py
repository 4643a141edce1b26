"""One group as ChatLab 0.0.2 JSON, which `jianfu import` reads back with the same counts."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bot.events import MessageKind, Role
from bot.store.export_reader import ExportedGroup, ExportedMember, ExportedMessage
from bot.store.labels import MessageFlag

VERSION = "0.0.2"
GENERATOR = "jianfu"

_CODES = {
    MessageKind.TEXT: 0,
    MessageKind.IMAGE: 1,
    MessageKind.VOICE: 2,
    MessageKind.VIDEO: 3,
    MessageKind.FILE: 4,
    MessageKind.STICKER: 5,
    MessageKind.LINK: 7,
    MessageKind.LOCATION: 8,
    MessageKind.MONEY: 20,
    MessageKind.MINI_PROGRAM: 24,
    MessageKind.FORWARD: 26,
    MessageKind.CONTACT_CARD: 27,
    MessageKind.CHAIN: 0,
    MessageKind.ANNOUNCEMENT: 0,
    MessageKind.SYSTEM: 80,
    MessageKind.UNKNOWN: 99,
}
_RECALL = 81


def write_chatlab(
    path: Path,
    group: ExportedGroup,
    members: Iterable[ExportedMember],
    daily: Iterable[tuple[date, str, int]],
    messages: Iterable[ExportedMessage],
    now: datetime,
) -> int:
    """Write a group; return how many messages. Labels and daily counts stand in fields named `jianfu`."""
    top = {
        "chatlab": {"version": VERSION, "exportedAt": int(now.timestamp()), "generator": GENERATOR},
        "meta": {"name": group.name, "platform": group.platform, "type": "group", "groupId": group.native_id},
        "members": [_member(member) for member in members],
        "jianfu": {"daily": [[day.isoformat(), kind, count] for day, kind, count in daily]},
    }
    count = 0
    with path.open("w", encoding="utf-8", errors="replace") as file:
        file.write(_json(top)[:-1] + ',"messages":[')
        for message in messages:
            file.write((",\n" if count else "\n") + _json(_message(message)))
            count += 1
        file.write("\n]}\n")
    return count


def _member(member: ExportedMember) -> dict[str, Any]:
    roles = [{"id": member.role.value}] if member.role is not Role.MEMBER else []
    if member.is_bot:
        roles.append({"id": "bot"})
    return {"platformId": member.pseudonym, "accountName": member.name or member.pseudonym, "roles": roles}


def _message(message: ExportedMessage) -> dict[str, Any]:
    kind = MessageKind(message.kind)
    known: dict[str, Any] = {
        "kind": kind.value,
        "labels": sorted(message.labels),
        "emergency": MessageFlag.EMERGENCY in message.flags,
        "mentions": list(message.mentions),
        "mentions_all": MessageFlag.MENTIONS_ALL in message.flags,
        "own": MessageFlag.OWN in message.flags,
        "length": message.length,
    }
    return {
        "sender": message.pseudonym,
        "accountName": message.name or message.pseudonym,
        "timestamp": int(message.sent_at.timestamp()),
        "type": _RECALL if MessageFlag.RECALLED in message.flags else _CODES[kind],
        "content": message.text or None,
        "platformMessageId": message.native_id,
        "jianfu": known,
    }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
