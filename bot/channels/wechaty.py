"""The Wechaty channel: one account behind a Wechaty puppet service (gRPC)."""

import asyncio
import hashlib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from loguru import logger
from wechaty_grpc.wechaty import puppet
from wechaty_grpc.wechaty.puppet import EventType

from bot.channels import wechaty_events, wechaty_rooms
from bot.channels.base import Capabilities, Inbox, Outgoing, Stub
from bot.channels.cleaning import clean_text
from bot.channels.intake import Intake
from bot.channels.wechaty_compat import prepare
from bot.channels.wechaty_limits import WechatyLimits
from bot.channels.wechaty_lookup import PLATFORM, WechatyLookup
from bot.channels.wechaty_payload import event_fields, found_id
from bot.channels.wechaty_rpc import GatewayRpc, RpcError, parse_endpoint
from bot.channels.wechaty_send import WechatySender
from bot.channels.wechaty_session import GatewaySession
from bot.clock import Clock
from bot.errors import ConfigError, GatewayUnavailableError, PayloadError, SendRefusedError
from bot.events import Event, GroupSnapshot

_KINDS: dict[int, str] = {
    EventType.EVENT_TYPE_MESSAGE: "message",
    EventType.EVENT_TYPE_ROOM_JOIN: "room-join",
    EventType.EVENT_TYPE_ROOM_LEAVE: "room-leave",
    EventType.EVENT_TYPE_ROOM_TOPIC: "room-topic",
}
_IGNORED = frozenset(  # of the link or of no interest; DIRTY is handled where it arrives
    int(t)
    for t in (
        EventType.EVENT_TYPE_UNSPECIFIED,
        EventType.EVENT_TYPE_HEARTBEAT,
        EventType.EVENT_TYPE_ERROR,
        EventType.EVENT_TYPE_FRIENDSHIP,
        EventType.EVENT_TYPE_ROOM_INVITE,
        EventType.EVENT_TYPE_READY,
        EventType.EVENT_TYPE_RESET,
    )
)
_DIRTY_CONTACT, _DIRTY_ROOM = 2, 3


class WechatyChannel:
    """One account on WeChat (or whatever the gateway's puppet speaks).

    `bots` are native ids of other bots; official accounts are recognised without being named.
    """

    platform = PLATFORM

    def __init__(
        self,
        name: str,
        endpoint: str,
        token: str,
        *,
        data_dir: Path,
        clock: Clock,
        limits: WechatyLimits | None = None,
        bots: Collection[str] = (),
    ) -> None:
        parse_endpoint(endpoint)
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ConfigError("channel.token 为空或含有非 ASCII 字符；请填写网关自己的令牌")
        self.name = name
        self._endpoint = endpoint
        self._token = token
        self._data_dir = data_dir
        self._clock = clock
        self._limits = limits or WechatyLimits()
        self._bots = frozenset(bots)
        self._log = logger.bind(channel=name)
        self._strange: set[int] = set()
        self._intake: Intake | None = None
        self._rooms = wechaty_rooms.RoomLister(
            name, lambda: self._session.rpc, clock, self._limits, self._put
        )
        self._session = GatewaySession(
            name,
            self._open,
            clock,
            self._limits,
            on_event=self._received,
            on_gap=self._put,
            on_login=self._rooms.want,
        )
        self._lookup = WechatyLookup(lambda: self._session.rpc, self._is_bot, clock, self._limits)
        self._sender = WechatySender(self._lookup, self._limits)

    @property
    def capabilities(self) -> Capabilities:
        """What can be done here; a recall may still be refused by the platform."""
        return Capabilities(private_messages=True, recall=True, files=True, gaps=True)

    @property
    def account_id(self) -> str | None:
        """The bot's own native id; kept while the gateway is away."""
        return self._session.account_id

    @property
    def connected(self) -> bool:
        """Whether the gateway answered lately and somebody is logged in."""
        return self._session.connected

    async def run(self, inbox: Inbox) -> None:
        """Receive until cancelled."""
        prepare(self._data_dir)
        self._intake = Intake(self.name, inbox)
        writing = asyncio.create_task(self._intake.run())
        receiving = [asyncio.create_task(self._session.run()), asyncio.create_task(self._rooms.run())]
        try:
            done, _ = await asyncio.wait({writing, *receiving}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:  # none ends by itself: this raises
                task.result()
        finally:
            for task in receiving:
                task.cancel()
            await asyncio.gather(*receiving, return_exceptions=True)
            writing.cancel()  # after those: it writes what is still queued
            await asyncio.gather(writing, return_exceptions=True)
            self._intake = None

    async def resolve(self, stub: Stub) -> Sequence[Event]:
        """Turn a stub into events. Raises PayloadError or GatewayUnavailableError.

        The snapshot of a group comes with every message that found it new or stale, so several messages
        resolved at the same time may all bring it.
        """
        if stub.kind not in _KINDS.values() and stub.kind != wechaty_rooms.KIND:
            return ()
        if self.account_id is None:  # else the bot would not know its own messages
            raise GatewayUnavailableError("网关上还没有账号登录过")
        if stub.kind == "message":
            return await wechaty_events.message(stub, self._lookup, self.account_id)
        if stub.kind == wechaty_rooms.KIND:
            return await wechaty_events.room_seen(stub, self._lookup, self.account_id)
        return await wechaty_events.room_event(stub, self._lookup, self.account_id)

    async def send(self, outgoing: Outgoing) -> str | None:
        """Send. Raises SendRefusedError or SendUncertainError."""
        rpc = self._session.rpc
        if rpc is None or not self.connected:
            raise SendRefusedError("未发送：网关没有连接")
        return await self._sender.send(rpc, outgoing)

    async def recall(self, message_id: str) -> bool:
        """Delete a message; true only when the gateway says that it is gone."""
        rpc = self._session.rpc
        if rpc is None or not self.connected:
            return False
        request = puppet.MessageRecallRequest(id=message_id)
        try:
            reply = await rpc.call("MessageRecall", request, puppet.MessageRecallResponse)
        except RpcError:
            return False
        return bool(reply.success)

    async def snapshot(self, group_id: str) -> GroupSnapshot:
        """Ask for a group and its members now. Raises GatewayUnavailableError."""
        self._lookup.forget_room(group_id)
        try:
            found, _ = await self._lookup.room(group_id)
        except PayloadError as error:
            raise GatewayUnavailableError(str(error)) from None
        return found

    def _open(self) -> GatewayRpc:
        return GatewayRpc(self._endpoint, self._token, self._limits.call_deadline)

    def _is_bot(self, person_id: str) -> bool:
        return person_id == self.account_id or person_id in self._bots

    async def _put(self, item: Any) -> None:
        if self._intake is not None:
            await self._intake.put(item)

    async def _received(self, number: int, payload: str) -> None:
        """Put an event where it is durable, before anything is asked of the gateway."""
        if number == EventType.EVENT_TYPE_DIRTY:
            self._dirty(payload)
            return
        if number in _IGNORED:
            return
        at = self._clock.now()
        if number == EventType.EVENT_TYPE_MESSAGE and (message_id := found_id(payload, "messageId")):
            await self._put(Stub(self.name, "message", clean_text(message_id), at))
            return
        kind = _KINDS.get(number, f"event-{number}")
        if number not in _KINDS and number not in self._strange:
            self._strange.add(number)
            self._log.warning("网关发来未知类型 {} 的事件：已收下，不起作用", number)
        if room_id := found_id(payload, "roomId"):
            self._lookup.forget_room(room_id)
        # These have no id of their own: the same words, which include the time, are the same event.
        raw = payload.encode(errors="surrogatepass")
        await self._put(Stub(self.name, kind, hashlib.sha256(raw).hexdigest()[:32], at, raw))

    def _dirty(self, payload: str) -> None:
        """Forget what the gateway says has changed."""
        try:
            fields = event_fields(payload, "dirty")
        except PayloadError:
            return
        item, what = fields.get("payloadId"), fields.get("payloadType")
        if isinstance(item, str) and what == _DIRTY_ROOM:
            self._lookup.forget_room(item)
        elif isinstance(item, str) and what == _DIRTY_CONTACT:
            self._lookup.forget_person(item)
