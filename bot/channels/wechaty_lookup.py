"""What a Wechaty gateway knows of groups, people and messages: asked with retries, kept for a while."""

import asyncio
import json
from collections.abc import Callable
from typing import Any, NoReturn

from grpclib.const import Status
from wechaty_grpc.wechaty import puppet

from bot.channels.cache import ExpiringCache
from bot.channels.cleaning import clean_name, clean_text
from bot.channels.wechaty_limits import WechatyLimits
from bot.channels.wechaty_rpc import GatewayRpc, RpcError
from bot.clock import Clock
from bot.errors import GatewayUnavailableError, PayloadError
from bot.events import GroupRef, GroupSnapshot, MemberInfo, MessageKind, PersonRef, Role

PLATFORM = "wechat"
_OFFICIAL = 2  # ContactType of wechaty-puppet: an official account, never a person


class WechatyLookup:
    """Answers about groups, people and messages over the connection of the moment."""

    def __init__(
        self,
        connection: Callable[[], GatewayRpc | None],
        is_bot: Callable[[str], bool],
        clock: Clock,
        limits: WechatyLimits,
    ) -> None:
        self._connection = connection
        self._is_bot = is_bot
        self._clock = clock
        self._limits = limits
        self._lookups = asyncio.Semaphore(limits.concurrent_lookups)
        self._rooms: ExpiringCache[str, GroupSnapshot] = ExpiringCache(
            self._fetch_room, limits.room_lifetime, clock, limits.cached_rooms
        )
        self._told: dict[str, tuple[GroupSnapshot, set[str]]] = {}  # to which events it was news
        self._contacts: ExpiringCache[str, PersonRef] = ExpiringCache(
            self._fetch_contact, limits.contact_lifetime, clock, limits.cached_contacts
        )
        self._aliases: ExpiringCache[tuple[str, str], str] = ExpiringCache(
            self._fetch_alias, limits.contact_lifetime, clock, limits.cached_contacts
        )

    async def message(self, message_id: str) -> Any:
        """Return the raw payload of a message. Raises PayloadError, GatewayUnavailableError."""
        request = puppet.MessagePayloadRequest(id=message_id)
        try:
            return await self._ask("MessagePayload", request, puppet.MessagePayloadResponse)
        except RpcError as error:
            _give_up(error, "消息")

    async def title(self, message_id: str, kind: MessageKind) -> str:
        """Return title and description of a link or mini-program, empty where the gateway does not tell."""
        try:
            if kind is MessageKind.LINK:
                url = puppet.MessageUrlRequest(id=message_id)
                reply = await self._ask("MessageUrl", url, puppet.MessageUrlResponse, attempts=2)
                fields = json.loads(reply.url_link or "{}")
            else:
                program = puppet.MessageMiniProgramRequest(id=message_id)
                reply_type = puppet.MessageMiniProgramResponse
                reply = await self._ask("MessageMiniProgram", program, reply_type, attempts=2)
                fields = json.loads(reply.mini_program or "{}")
        except (RpcError, ValueError, RecursionError):
            return ""
        if not isinstance(fields, dict):
            return ""
        parts = (fields.get("title"), fields.get("description"))
        return clean_text("\n".join(p for p in parts if isinstance(p, str) and p))

    async def room(self, room_id: str, asker: str = "") -> tuple[GroupSnapshot, bool]:
        """Return a group, and whether its snapshot is news to this event. Raises as `message`.

        It is news to the event for which it was asked, also when that event is resolved again because it
        could not be stored.
        """
        try:
            found, fresh = await self._rooms.get(room_id)
        except RpcError as error:
            _give_up(error, "群")
        told = self._told.get(room_id)
        if told is None or told[0] is not found:
            told = self._told[room_id] = (found, set())
        if fresh:
            told[1].add(asker)
        return found, asker in told[1]

    async def person(self, person_id: str, room_id: str | None = None) -> PersonRef:
        """Return a person, by the name used in the group where there is one; without name if unknown."""
        try:
            person, _ = await self._contacts.get(person_id)
        except RpcError as error:
            if error.status is None:
                _give_up(error, "联系人")
            person = PersonRef(PLATFORM, person_id, is_bot=self._is_bot(person_id))
        if room_id is None:
            return person
        try:
            alias, _ = await self._aliases.get((room_id, person_id))
        except RpcError:
            alias = ""
        return PersonRef(PLATFORM, person_id, alias, person.is_bot) if alias else person

    def forget_room(self, room_id: str) -> None:
        """Ask for this group again when it is needed next."""
        self._rooms.drop(room_id)

    def forget_person(self, person_id: str) -> None:
        """Ask for this person again when needed next."""
        self._contacts.drop(person_id)

    async def _ask(self, method: str, request: Any, reply_type: Any, attempts: int | None = None) -> Any:
        """Call, and again after a pause while the gateway refuses. Raises the last RpcError."""
        attempts = attempts or self._limits.payload_attempts
        pause = self._limits.payload_pause
        for attempt in range(1, attempts + 1):
            rpc = self._connection()
            if rpc is None:
                raise RpcError(method, "没有连接", left=False)
            try:
                async with self._lookups:
                    return await rpc.call(method, request, reply_type)
            except RpcError as error:
                # Unanswered: the caller tries again when the gateway is back.
                if error.status in {None, Status.OK} or attempt == attempts:
                    raise
            await asyncio.sleep(pause)
            pause *= 2
        raise AssertionError("unreachable")  # pragma: no cover

    async def _fetch_room(self, room_id: str) -> GroupSnapshot:
        at = self._clock.now()
        reply = await self._ask(
            "RoomPayload", puppet.RoomPayloadRequest(id=room_id), puppet.RoomPayloadResponse
        )
        ids = list(dict.fromkeys(clean_text(i) for i in reply.member_ids if i))
        people = await asyncio.gather(*(self._named(i, room_id) for i in ids))
        admins = set(reply.admin_ids)
        members = tuple(
            MemberInfo(
                p,
                Role.OWNER
                if p.native_id == reply.owner_id
                else Role.ADMIN
                if p.native_id in admins
                else Role.MEMBER,
            )
            for p in people
        )
        group = GroupRef(PLATFORM, room_id, clean_name(reply.topic))
        return GroupSnapshot(group, members, at, complete=bool(members))

    async def _named(self, person_id: str, room_id: str) -> PersonRef:
        try:
            return await self.person(person_id, room_id)
        except GatewayUnavailableError:
            if self._connection() is None:
                raise  # else the group would be without names until it is asked for again
            return PersonRef(PLATFORM, person_id, is_bot=self._is_bot(person_id))

    async def _fetch_contact(self, person_id: str) -> PersonRef:
        request = puppet.ContactPayloadRequest(id=person_id)
        reply = await self._ask("ContactPayload", request, puppet.ContactPayloadResponse)
        is_bot = self._is_bot(person_id) or int(reply.type) == _OFFICIAL
        return PersonRef(PLATFORM, person_id, clean_name(reply.name), is_bot)

    async def _fetch_alias(self, key: tuple[str, str]) -> str:
        request = puppet.RoomMemberPayloadRequest(id=key[0], member_id=key[1])
        reply = await self._ask("RoomMemberPayload", request, puppet.RoomMemberPayloadResponse, attempts=2)
        return clean_name(reply.room_alias)


def _give_up(error: RpcError, what: str) -> NoReturn:
    """Answered but refused to the last: it never will be readable. Not answered: perhaps later."""
    if error.status is None:
        raise GatewayUnavailableError(str(error)) from None
    raise PayloadError(f"网关给不出{what}：{error}") from None
