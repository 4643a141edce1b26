"""JSON of qq-chat-exporter, in its present form and that of its first versions."""

import re
from collections.abc import Iterator
from typing import Any

from bot.errors import ImportFormatError
from bot.events import MessageKind, Quote
from bot.importers.base import Head, Read, ReadOptions, Reason, Rejected, Source
from bot.importers.chat import Chat, group_chat
from bot.importers.fields import id_of, list_of, map_of, raw_item, text_of
from bot.importers.jsonstream import BrokenError, header, items
from bot.importers.kinds import guess, kinds, without_placeholders
from bot.importers.recent import Recent
from bot.importers.times import instant

_INFO = re.compile(r'"chatInfo"\s*:\s*\{')
_GROUPS = frozenset({"group", "2", ""})
_IDS = ("groupCode", "groupId", "peerUin", "uin", "id", "peerUid")
_SYSTEM = frozenset({"10000", "1000000"})
_WORDS = frozenset({"text", "at", "face", "reply"})
_NAMELESS_FACE = re.compile(r"表情\d+|face\d*", re.IGNORECASE)


class QqJsonReader:
    """Reads one chat that qq-chat-exporter saved."""

    name = "qq-json"
    title = "QQ JSON（qq-chat-exporter，新旧版）"
    how_to_export = "qq-chat-exporter 中选择该群，导出格式选 JSON（不要选分块）。"

    def sniff(self, head: Head) -> bool:
        """Whether it is an object that has an object `chatInfo`."""
        return head.text.lstrip().startswith("{") and _INFO.search(head.text) is not None

    def read(self, source: Source, options: ReadOptions) -> Iterator[Read]:
        """Yield the group and its messages. Raises ImportFormatError for a private chat."""
        top = header(source.open(), needed="chatInfo")
        if "chunks" in top:
            raise ImportFormatError(f"{source.name} 是分块导出：请在 qq-chat-exporter 中取消分块后重新导出")
        info = map_of(top.get("chatInfo"))
        kind = text_of(info.get("type")).lower()
        if kind not in _GROUPS:
            raise ImportFormatError(f"{source.name} 是私聊（type = {kind}）：只导入群聊")
        native_id = next((text_of(info[key]) for key in _IDS if text_of(info.get(key)).isdigit()), "")
        chat = group_chat("qq", options, native_id, text_of(info.get("name")))
        reading = _Reading(chat, options)
        number = 0
        try:
            for number, item in enumerate(items(source.open(), "messages.item"), 1):
                yield from reading.message(number, item)
        except BrokenError:
            yield Rejected(number + 1, Reason.BROKEN)


class _Reading:
    """One chat while it is read."""

    def __init__(self, chat: Chat, options: ReadOptions) -> None:
        self._chat = chat
        self._options = options
        self._uins: dict[str, str] = {}  # QQ numbers by the newer internal id
        self._recent = Recent()

    def message(self, number: int, item: Any) -> Iterator[Read]:
        fields = map_of(item)
        if "sender" not in fields and "content" not in fields:
            yield Rejected(number, Reason.NOT_A_MESSAGE, raw=raw_item(item))
            return
        at = instant(fields.get("timestamp"), self._options.zone, self._options.now)
        if at is Reason.NO_TIME:
            at = instant(fields.get("time"), self._options.zone, self._options.now)
        if isinstance(at, Reason):
            yield Rejected(number, at, raw=raw_item(item))
            return
        native_id = id_of(fields.get("id")) or id_of(fields.get("messageId"))
        if fields.get("recalled") is True or fields.get("isRecalled") is True:
            yield from self._chat.recalled(at, native_id)
            return
        sender, raw = map_of(fields.get("sender")), map_of(fields.get("rawMessage"))
        uid = text_of(sender.get("uid")) or text_of(raw.get("senderUid"))
        uin = id_of(sender.get("uin")) or id_of(raw.get("senderUin")) or (uid if uid.isdigit() else "")
        content = map_of(fields.get("content"))
        whole = text_of(content.get("text")) or text_of(fields.get("content"))
        if fields.get("system") is True or fields.get("isSystemMessage") is True or uin in _SYSTEM:
            yield from self._chat.system(at, whole, native_id)
            return
        identity = uin or uid
        name = (
            text_of(raw.get("sendMemberName"))
            or text_of(sender.get("groupCard"))
            or text_of(sender.get("name"))
        )
        if not identity and not name:
            yield Rejected(number, Reason.NO_SENDER, raw=raw_item(item))
            return
        if uid and uin:
            self._uins[uid] = uin
        elements = [map_of(element) for element in list_of(content.get("elements"))]
        kind, text, file = _body(elements, whole, list_of(content.get("resources")))
        quoted = _quote(elements, map_of(content.get("reply")), self._recent)
        mentions, everybody = _mentions(self._chat, self._uins, elements, list_of(content.get("mentions")))
        self._recent.remember(native_id, text, name)
        yield from self._chat.message(
            at, identity, name or identity, kind, text, native_id=native_id, file_name=file, quote=quoted,
            mentions=mentions or None, mentions_all=everybody,
        )  # fmt: skip


def _body(elements: list[dict[str, Any]], whole: str, resources: list[Any]) -> tuple[MessageKind, str, str]:
    """Return (kind, text, file name): a text with a picture in it is a text."""
    if not elements:
        kind, text, file = guess(whole.removeprefix("[回复消息]").lstrip())
        if kind is MessageKind.TEXT:
            text = without_placeholders(text)
        first = map_of(resources[0]) if resources else {}
        medium = kinds().qq_elements.get(text_of(first.get("type")))
        if medium and (kind is not MessageKind.TEXT or not text):
            return medium, "", text_of(first.get("filename")) if medium is MessageKind.FILE else ""
        return kind, text, file
    words, medium, file, caption = [], None, "", ""
    for element in elements:
        type_name, data = text_of(element.get("type")), map_of(element.get("data"))
        if type_name in _WORDS:
            words.append(_words(type_name, data))
        elif medium is None and (medium := kinds().qq_elements.get(type_name)):
            file = text_of(data.get("filename")) if medium is MessageKind.FILE else ""
            caption = text_of(data.get("title")) if medium is MessageKind.LINK else ""
    text = "".join(words).strip()
    if text or medium is None:
        return MessageKind.TEXT, text or without_placeholders(whole), ""
    return medium, caption, file


def _words(type_name: str, data: dict[str, Any]) -> str:
    if type_name == "text":
        return text_of(data.get("text"))
    name = text_of(data.get("name"))
    if type_name == "at":
        return f"@{name.lstrip('@')}" if name else ""
    return f"[{name}]" if type_name == "face" and name and not _NAMELESS_FACE.fullmatch(name) else ""


def _quote(elements: list[dict[str, Any]], older: dict[str, Any], recent: Recent) -> Quote | None:
    data = next((map_of(e.get("data")) for e in elements if e.get("type") == "reply"), older)
    if not data:
        return None
    message_id = id_of(data.get("referencedMessageId")) or id_of(data.get("messageId"))
    words = text_of(data.get("content"))
    return recent.quote(
        message_id, "" if words in ("引用消息", "原消息") else words, text_of(data.get("senderName"))
    )


def _mentions(
    chat: Chat, uins: dict[str, str], elements: list[dict[str, Any]], listed: list[Any]
) -> tuple[tuple[str, ...], bool]:
    """Return the people mentioned, as far as they are known, and whether all are."""
    found: dict[str, None] = {}
    everybody = False
    at = [map_of(e.get("data")) for e in elements if e.get("type") == "at"]
    for mention in at or [map_of(entry) for entry in listed]:
        name, uid = text_of(mention.get("name")).lstrip("@"), text_of(mention.get("uid"))
        if uid == "all" or mention.get("type") == "all" or name == "全体成员":
            everybody = True
            continue
        uin = (
            id_of(mention.get("uin"))
            or id_of(mention.get("qq"))
            or (uid if uid.isdigit() else uins.get(uid, ""))
        )
        person = uin or chat.people.named(name)
        if person:
            found[person] = None
    return tuple(found), everybody
