"""From a stub of the Wechaty channel to events: the content is asked for here, not when it arrives."""

from collections.abc import Sequence
from typing import Any

from bot.channels import wechaty_payload as reading
from bot.channels.base import Stub
from bot.channels.cleaning import clean_name, clean_text
from bot.channels.wechaty_lookup import PLATFORM, WechatyLookup
from bot.channels.wechaty_rooms import room_of
from bot.errors import PayloadError
from bot.events import (
    Event,
    GroupRef,
    GroupSnapshot,
    MemberInfo,
    MembershipChange,
    Message,
    MessageKind,
    Recall,
    TopicChange,
)


async def message(stub: Stub, lookup: WechatyLookup, account_id: str) -> Sequence[Event]:
    """Return a message, after the snapshot of its group where that is new; or a recall.

    Raises PayloadError and GatewayUnavailableError.
    """
    if stub.payload is not None:  # a message event without an id
        reading.id_field(reading.event_fields(stub.payload, "message"), "messageId", "message")
    payload = await lookup.message(stub.native_id)
    room_id = clean_text(payload.room_id)
    talker_id = clean_text(payload.from_id)
    text = clean_text(payload.text)
    at = reading.sent_at(payload.timestamp, stub.received_at)
    number = int(payload.type)
    if number == reading.TYPE_RECALLED and (recalled := reading.recalled_id(text)):
        return (Recall(PLATFORM, recalled, at),)
    if not talker_id:
        raise PayloadError("消息没有发送人")
    if not room_id and not payload.to_id:
        raise PayloadError("消息既没有群，也没有接收人")
    events: list[Event] = []
    group: GroupRef | None = None
    if room_id:
        found, news = await lookup.room(room_id, stub.native_id)
        group = found.group
        if news:
            events.append(found)
    sender = await lookup.person(talker_id, room_id or None)
    kind = reading.kind_of(number, text)
    text = reading.body_of(kind, text)
    if kind in {MessageKind.LINK, MessageKind.MINI_PROGRAM} and not text:
        text = await lookup.title(stub.native_id, kind)
    quote, text = reading.split_quote(text)
    mentions = [clean_text(i) for i in payload.mention_ids if i]
    events.append(
        Message(
            platform=PLATFORM,
            account=account_id,
            native_id=stub.native_id,
            group=group,
            sender=sender,
            sent_at=at,
            kind=kind,
            text=text,
            mentions=tuple(dict.fromkeys(mentions)),
            mentions_all=reading.names_everybody(text, mentions),
            quote=quote,
            file_name=clean_name(payload.filename, 255),
            own=talker_id == account_id,
        )
    )
    return events


async def room_event(stub: Stub, lookup: WechatyLookup, account_id: str) -> Sequence[Event]:
    """Return what happened to a group, after its snapshot. Raises as `message`."""
    fields = reading.event_fields(stub.payload, stub.kind)
    room_id = reading.id_field(fields, "roomId", stub.kind)
    at = reading.event_time(fields, stub.received_at)
    if stub.kind == "room-join":
        return await _joined(stub, fields, room_id, lookup)
    if stub.kind == "room-leave":
        return await _left(stub, fields, room_id, lookup, account_id)
    found, _ = await lookup.room(room_id)
    topic = fields.get("newTopic")
    name = clean_name(topic) if isinstance(topic, str) else found.group.name
    return (found, TopicChange(stub.native_id, GroupRef(PLATFORM, room_id, name), at))


async def room_seen(stub: Stub, lookup: WechatyLookup, account_id: str) -> Sequence[Event]:
    """Return a group that was listed at login, none where the account is no longer in it. Raises as `message`."""
    found, _ = await lookup.room(room_of(stub), stub.native_id)
    inside = not found.complete or any(m.person.native_id == account_id for m in found.members)
    return (found,) if inside else ()


async def _joined(stub: Stub, fields: dict[str, Any], room_id: str, lookup: WechatyLookup) -> Sequence[Event]:
    found, _ = await lookup.room(room_id)
    known = {m.person.native_id: m for m in found.members}
    joined = [
        known.get(i) or MemberInfo(await lookup.person(i, room_id))
        for i in reading.id_list(fields, "inviteeIdList")
    ]
    inviter_id = fields.get("inviterId")
    inviter = (
        await lookup.person(clean_text(inviter_id), room_id)
        if isinstance(inviter_id, str) and inviter_id
        else None
    )
    at = reading.event_time(fields, stub.received_at)
    return (found, MembershipChange(stub.native_id, found.group, at, tuple(joined), inviter=inviter))


async def _left(
    stub: Stub, fields: dict[str, Any], room_id: str, lookup: WechatyLookup, account_id: str
) -> Sequence[Event]:
    ids = reading.id_list(fields, "removeeIdList")
    at = reading.event_time(fields, stub.received_at)
    left = tuple([await lookup.person(i) for i in ids])
    found: GroupSnapshot | None = None
    if account_id not in ids:
        found, _ = await lookup.room(room_id)
    group = found.group if found else GroupRef(PLATFORM, room_id)  # not asked: the bot is out of it
    change = MembershipChange(stub.native_id, group, at, left=left)
    return (found, change) if found else (change,)
