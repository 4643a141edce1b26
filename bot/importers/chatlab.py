"""ChatLab 0.0.2 JSON: the neutral format, which jianfu also writes."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bot.errors import ImportFormatError
from bot.events import Label, Message, MessageKind, Role
from bot.importers.base import Head, Labelled, Read, ReadOptions, Reason, Rejected, Source
from bot.importers.chat import Chat, group_chat
from bot.importers.fields import id_of, list_of, map_of, number_of, raw_item, text_of
from bot.importers.jsonstream import BrokenError, header, items
from bot.importers.kinds import body, kinds
from bot.importers.recent import Recent
from bot.importers.times import instant

_SIGNATURE = re.compile(r'"chatlab"\s*:\s*\{\s*"(?:version|exportedAt|generator|description)"')
_PLATFORMS = {"weixin": "wechat", "微信": "wechat"}
_ROLES = {"owner": Role.OWNER, "creator": Role.OWNER, "admin": Role.ADMIN, "administrator": Role.ADMIN}
_LABELS = {label.value: label for label in Label}
_KINDS = {kind.value: kind for kind in MessageKind}
_SYSTEM, _RECALL = 80, 81


class ChatLabReader:
    """Reads one chat of ChatLab's own JSON."""

    name = "chatlab"
    title = "ChatLab JSON（通用格式，本程序的导出也是它）"
    how_to_export = "在 ChatLab、WeFlow 等工具中选择导出为 ChatLab 格式（JSON）；本程序用 jianfu export --format chatlab --messages。"

    def sniff(self, head: Head) -> bool:
        """Whether it is an object that has an object `chatlab`."""
        return head.text.lstrip().startswith("{") and _SIGNATURE.search(head.text) is not None

    def read(self, source: Source, options: ReadOptions) -> Iterator[Read]:
        """Yield the group, its messages and recalls. Raises ImportFormatError for a private chat."""
        top = header(source.open(), needed="meta")
        meta = map_of(top.get("meta"))
        if text_of(meta.get("type")) not in ("group", ""):
            raise ImportFormatError(f"{source.name} 是私聊（type = {text_of(meta.get('type'))}）：只导入群聊")
        platform = text_of(meta.get("platform")).lower() or "chatlab"
        platform = _PLATFORMS.get(platform, platform)
        chat = group_chat(platform, options, text_of(meta.get("groupId")), text_of(meta.get("name")))
        about = map_of(top.get("chatlab"))
        _members(chat, list_of(top.get("members")), text_of(meta.get("ownerId")))
        exported = instant(about.get("exportedAt"), options.zone, options.now)
        ours = text_of(about.get("generator")) == "jianfu"
        chat.listed(None if isinstance(exported, Reason) else exported, complete=ours)
        recent = Recent()
        number = 0
        try:
            for number, item in enumerate(items(source.open(), "messages.item"), 1):
                yield from _message(chat, recent, number, item, options)
        except BrokenError:
            yield Rejected(number + 1, Reason.BROKEN)


def _members(chat: Chat, members: list[Any], owner: str) -> None:
    for entry in members:
        member = map_of(entry)
        native_id = text_of(member.get("platformId"))
        if not native_id:
            continue
        roles = [text_of(map_of(role).get("id")).lower() for role in list_of(member.get("roles"))]
        known = [_ROLES[role] for role in roles if role in _ROLES]
        role = Role.OWNER if native_id == owner else min(known, default=Role.MEMBER, key=list(Role).index)
        shown = text_of(member.get("groupNickname")) or text_of(member.get("accountName"))
        chat.member(native_id, shown, role, is_bot="bot" in roles)
        for other in (member.get("accountName"), *list_of(member.get("aliases"))):
            chat.people.call(native_id, text_of(other))


def _message(chat: Chat, recent: Recent, number: int, item: Any, options: ReadOptions) -> Iterator[Read]:
    fields = map_of(item)
    if "timestamp" not in fields:
        yield Rejected(
            number, Reason.NOT_A_MESSAGE if "sender" not in fields else Reason.NO_TIME, raw=raw_item(item)
        )
        return
    at = instant(fields["timestamp"], options.zone, options.now)
    if isinstance(at, Reason):
        yield Rejected(number, at, raw=raw_item(item))
        return
    native_id = id_of(fields.get("platformMessageId"))
    content = text_of(fields.get("content"))
    code = number_of(fields.get("type"))
    if code == _RECALL:
        yield from chat.recalled(at, native_id)
        return
    if code == _SYSTEM:
        yield from chat.system(at, content, native_id)
        return
    sender = text_of(fields.get("sender"))
    name = text_of(fields.get("groupNickname")) or text_of(fields.get("accountName"))
    if not sender and not name:
        yield Rejected(number, Reason.NO_SENDER, raw=raw_item(item))
        return
    ours = map_of(fields.get("jianfu"))
    kind = _KINDS.get(text_of(ours.get("kind"))) or kinds().chatlab.get(str(code), MessageKind.UNKNOWN)
    text, file = (content, "") if ours else body(kind, content)
    quote = recent.quote(id_of(fields.get("replyToMessageId")))
    recent.remember(native_id, text, name)
    mentions = tuple(text_of(person) for person in list_of(ours.get("mentions"))) if ours else None
    for event in chat.message(
        at,
        sender,
        name,
        kind,
        text,
        native_id=native_id,
        file_name=file,
        quote=quote,
        mentions=mentions,
        mentions_all=ours.get("mentions_all") is True,
    ):
        yield _labelled(event, ours) if ours and isinstance(event, Message) else event


def _labelled(message: Message, ours: dict[str, Any]) -> Labelled:
    message = replace(message, own=ours.get("own") is True, mentions_all=ours.get("mentions_all") is True)
    labels = frozenset(_LABELS[name] for name in map(text_of, list_of(ours.get("labels"))) if name in _LABELS)
    return Labelled(message, labels, ours.get("emergency") is True, max(number_of(ours.get("length")), 0))
