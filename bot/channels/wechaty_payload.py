"""Pure translation of what a Wechaty gateway says into events.

Type numbers are those of wechaty-puppet 1.20 (`MessageType` in schemas/message.ts), which is what a
gateway puts on the wire; the enum of the same name in Python's wechaty_grpc 0.20 counts differently.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.channels.cleaning import clean_name, clean_text
from bot.errors import PayloadError
from bot.events import MessageKind, Quote

TYPE_RECALLED = 13

_KINDS = {
    1: MessageKind.FILE,
    2: MessageKind.VOICE,
    3: MessageKind.CONTACT_CARD,
    4: MessageKind.FORWARD,
    5: MessageKind.STICKER,
    6: MessageKind.IMAGE,
    7: MessageKind.TEXT,
    8: MessageKind.LOCATION,
    9: MessageKind.MINI_PROGRAM,
    10: MessageKind.CHAIN,
    11: MessageKind.MONEY,
    12: MessageKind.MONEY,
    13: MessageKind.SYSTEM,
    14: MessageKind.LINK,
    15: MessageKind.VIDEO,
    16: MessageKind.LINK,  # Post: a moment or a channel's video
}

_EARLIEST = datetime(2011, 1, 1, tzinfo=UTC)  # WeChat appeared in January 2011
_AHEAD = timedelta(days=1)
_ABSURD = 10**21
_EVERYBODY = re.compile(r"@(?:所有人|全体成员|all(?![\w@.]))", re.IGNORECASE)
_EVERYBODY_IDS = frozenset({"@all", "all", "notify@all", "announcement@all"})
_QUOTE_RULE = "」\n- - -"
_REVOKED_ID = re.compile(r"<newmsgid>(\d{1,32})</newmsgid>", re.IGNORECASE)
_PLAIN_ID = re.compile(r"[\w@.:+/=-]{1,128}", re.ASCII)


def kind_of(number: int, text: str) -> MessageKind:
    """Return the kind of a message type; an unknown number is UNKNOWN, a typed-out 接龙 a CHAIN."""
    kind = _KINDS.get(number, MessageKind.UNKNOWN)
    if kind is MessageKind.TEXT and text.startswith("#接龙"):
        return MessageKind.CHAIN
    return kind


def sent_at(timestamp: float, received_at: datetime) -> datetime:
    """Return when a message was sent, in UTC.

    Gateways say seconds or milliseconds: above 10^11 it is milliseconds, above 10^14 microseconds. Zero,
    negative (which arrive as large unsigned numbers), before 2011 and more than a day after `received_at`
    are not believed: the time of receipt stands for them.
    """
    seconds = float(max(-_ABSURD, min(timestamp, _ABSURD)))  # an int of JSON may be too large for a float
    if seconds > 1e14:
        seconds /= 1e6
    elif seconds > 1e11:
        seconds /= 1e3
    if not _EARLIEST.timestamp() <= seconds <= (received_at + _AHEAD).timestamp():
        return received_at
    return datetime.fromtimestamp(seconds, UTC)


def split_quote(text: str) -> tuple[Quote | None, str]:
    """Split 「name：quoted」, a line of dashes and the reply, as Wechaty gateways write a quotation."""
    end = text.find(_QUOTE_RULE) if text.startswith("「") else -1
    if end < 0:
        return None, text
    rule_end = text.find("\n", end + 2)
    if rule_end < 0 or text[end + 2 : rule_end].strip("- "):
        return None, text
    name, colon, quoted = text[1:end].partition("：")
    if not colon:
        name, quoted = "", text[1:end]
    return Quote(text=quoted, sender_name=clean_name(name)), text[rule_end + 1 :]


def names_everybody(text: str, mention_ids: list[str]) -> bool:
    """Whether a message calls everybody, by its mention list or its words."""
    return not _EVERYBODY_IDS.isdisjoint(mention_ids) or _EVERYBODY.search(text) is not None


def body_of(kind: MessageKind, text: str) -> str:
    """Return the text of a message without the platform's own markup, which stands in media messages."""
    if kind not in {MessageKind.TEXT, MessageKind.CHAIN} and text.lstrip().startswith("<"):
        return ""
    return text


def recalled_id(text: str) -> str | None:
    """Return the id of the message that a recall notice takes back, None where the platform does not tell."""
    if found := _REVOKED_ID.search(text):
        return found[1]
    text = text.strip()
    return text if _PLAIN_ID.fullmatch(text) else None


def event_fields(payload: str | bytes | None, kind: str) -> dict[str, Any]:
    """Parse the JSON of an event. Raises PayloadError."""
    try:
        fields = json.loads(payload or b"")
    except (ValueError, RecursionError):
        raise PayloadError(f"{kind} 事件的内容不是 JSON") from None
    if not isinstance(fields, dict):
        raise PayloadError(f"{kind} 事件的内容不是 JSON 对象")
    return fields


def id_field(fields: dict[str, Any], name: str, kind: str) -> str:
    """Return a required id of an event. Raises PayloadError."""
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise PayloadError(f"{kind} 事件没有 {name}")
    return clean_text(value)


def found_id(payload: str | bytes, name: str) -> str:
    """Return an id of an event, empty where there is none or the payload cannot be read."""
    try:
        return id_field(event_fields(payload, "gateway"), name, "gateway")
    except PayloadError:
        return ""


def id_list(fields: dict[str, Any], name: str) -> list[str]:
    """Return the ids of a list field, without what is none."""
    value = fields.get(name)
    return [clean_text(v) for v in value if isinstance(v, str) and v] if isinstance(value, list) else []


def event_time(fields: dict[str, Any], received_at: datetime) -> datetime:
    """Return when an event happened; see `sent_at`."""
    value = fields.get("timestamp")
    return sent_at(value, received_at) if isinstance(value, int | float) else received_at
