"""The formats' own message types as ours, from `kinds.toml`; and texts without their placeholders. Pure."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from pydantic import TypeAdapter

from bot.events import MessageKind

SHARE = 49

_BRACKET = re.compile(
    r"!?\[([^\[\]|:：\n]{1,12})(?:[|:：]([^\[\]\n]*))?\](?:\(https?://[^\s()]*\)| ?(.*))?", re.DOTALL
)
_INLINE = re.compile(r"\[([^\[\]|:：\n]{1,12})(?:[|:：][^\[\]\n]*)?\]")
_MEDIA = frozenset(
    {
        MessageKind.IMAGE,
        MessageKind.VOICE,
        MessageKind.VIDEO,
        MessageKind.STICKER,
        MessageKind.LOCATION,
        MessageKind.CONTACT_CARD,
        MessageKind.MONEY,
    }
)
_DETAILS = "\n\n<a href="  # what PyWxDump puts under a link
_RECALLED = re.compile(r"撤回了?(?:一条|.{0,64}的)?(?:成员)?消息|recalled a message", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Kinds:
    """The tables of `kinds.toml`."""

    wechat: dict[str, MessageKind]
    wechat_share: dict[str, MessageKind]
    chatlab: dict[str, MessageKind]
    names: dict[str, MessageKind]
    placeholders: dict[str, MessageKind]
    qq_elements: dict[str, MessageKind]
    telegram: dict[str, MessageKind]


@cache
def kinds() -> Kinds:
    """Return the tables; a value that is no MessageKind is refused."""
    text = files("bot.importers").joinpath("kinds.toml").read_text(encoding="utf-8")
    return TypeAdapter(Kinds).validate_python(tomllib.loads(text))


def wechat_kind(number: int, share: int = 0) -> MessageKind:
    """Return the kind of WeChat's type and (for 49) subtype; unknown numbers are UNKNOWN."""
    if number == SHARE:
        return kinds().wechat_share.get(str(share), MessageKind.LINK)
    return kinds().wechat.get(str(number), MessageKind.UNKNOWN)


def named_kind(name: str) -> MessageKind:
    """Return the kind that a type name stands for; unknown names are UNKNOWN."""
    return kinds().names.get(name.strip(), MessageKind.UNKNOWN)


def body(kind: MessageKind, text: str) -> tuple[str, str]:
    """Return (text, file name) of a message of a known kind, without what exporters put for the medium."""
    if kind in _MEDIA:
        return "", ""
    if kind in (MessageKind.TEXT, MessageKind.SYSTEM):
        return text, ""
    if text.lstrip().startswith("<"):
        return "", ""
    found = _BRACKET.fullmatch(text.strip())
    if found and (found[1] in kinds().placeholders or found[1] in kinds().names):
        text = found[2] or found[3] or ""
    if kind is MessageKind.FILE:
        return "", file_name(text)
    text = text.partition(_DETAILS)[0]
    return ("", "") if text in kinds().names else (text, "")


def guess(text: str) -> tuple[MessageKind, str, str]:
    """Return (kind, text, file name) of a message whose format tells no type.

    A message that is one placeholder is that medium; a text with placeholders in it stays a text.
    """
    stripped = text.strip()
    if stripped.startswith("#接龙"):
        return MessageKind.CHAIN, text, ""
    if not stripped.startswith(("[", "![")):
        return MessageKind.TEXT, text, ""
    found = _BRACKET.fullmatch(stripped)
    kind = kinds().placeholders.get(found[1]) if found else None
    if found is None or kind is None:
        return MessageKind.TEXT, text, ""
    if kind in _MEDIA:
        rest = without_placeholders(found[3] or "")
        return (kind, "", "") if not rest else (MessageKind.TEXT, rest, "")
    return (kind, *body(kind, stripped))


def without_placeholders(text: str) -> str:
    """Return a text without the placeholders of media that stand in it."""
    table = kinds().placeholders
    return _INLINE.sub(lambda found: "" if found[1] in table else found[0], text).strip()


def file_name(text: str) -> str:
    """Return the last part of a path, or the first line of a file message."""
    first = text.strip().split("\n", 1)[0]
    return re.split(r"[\\/]", first)[-1][:255]


def tells_of_recall(text: str) -> bool:
    """Whether a system message says that somebody took a message back."""
    return len(text) < 200 and _RECALLED.search(text) is not None
