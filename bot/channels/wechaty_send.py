"""Sending through a Wechaty gateway, with an honest answer to whether it was sent."""

import asyncio
import base64
import json
from pathlib import Path

from grpclib.const import Status
from wechaty_grpc.wechaty import puppet

from bot.channels.base import Outgoing
from bot.channels.cleaning import clean_text
from bot.channels.wechaty_limits import WechatyLimits
from bot.channels.wechaty_lookup import WechatyLookup
from bot.channels.wechaty_rpc import GatewayRpc, RpcError
from bot.errors import GatewayUnavailableError, SendRefusedError, SendUncertainError

_BASE64_BOX = 1  # FileBoxType.Base64 of file-box
_AFTER_MENTION = "\u2005"  # what WeChat puts behind an @name
# Answers that are given before anything is done.
_SURE = frozenset(
    {
        Status.UNAUTHENTICATED,
        Status.PERMISSION_DENIED,
        Status.UNIMPLEMENTED,
        Status.INVALID_ARGUMENT,
        Status.NOT_FOUND,
        Status.FAILED_PRECONDITION,
        Status.RESOURCE_EXHAUSTED,
    }
)
# What puppets say when they surely did not send; part of their words -> why.
_SURE_WORDS = {
    "操作频繁": "平台提示操作频繁",
    "操作过于频繁": "平台提示操作频繁",
    "rate limit": "平台提示操作频繁",
    "too frequent": "平台提示操作频繁",
    "not logged in": "网关上没有账号登录",
    "no this.__currentUserId": "网关上没有账号登录",
    "not exist": "网关不认识接收方",
}


class WechatySender:
    """Sends texts and files."""

    def __init__(self, lookup: WechatyLookup, limits: WechatyLimits) -> None:
        self._lookup = lookup
        self._limits = limits

    async def send(self, rpc: GatewayRpc, outgoing: Outgoing) -> str | None:
        """Send and return the message's id where the gateway tells.

        Raises SendRefusedError when surely not sent, SendUncertainError when nobody knows.
        """
        to = outgoing.target.group_id or outgoing.target.person_id
        if not to:
            raise SendRefusedError("未发送：没有指明发给哪个群或哪个人")
        if not outgoing.text and outgoing.file_path is None:
            raise SendRefusedError("未发送：既没有文字也没有文件")
        if outgoing.text and outgoing.file_path is not None:
            raise SendRefusedError("未发送：文字和文件要分两条发")
        if outgoing.file_path is not None:
            box = await asyncio.to_thread(_file_box, Path(outgoing.file_path), self._limits.file_bytes)
            request = puppet.MessageSendFileRequest(conversation_id=to, filebox=box)
            return await self._call(rpc, "MessageSendFile", request, puppet.MessageSendFileResponse)
        text = await self._with_mentions(outgoing)
        request = puppet.MessageSendTextRequest(
            conversation_id=to, text=text, mentonal_ids=list(outgoing.mentions)
        )
        return await self._call(rpc, "MessageSendText", request, puppet.MessageSendTextResponse)

    async def _with_mentions(self, outgoing: Outgoing) -> str:
        """Put @name before the text for each mention; without it the platform shows none."""
        names = []
        for person_id in outgoing.mentions:
            try:
                person = await self._lookup.person(person_id, outgoing.target.group_id)
            except GatewayUnavailableError:
                continue
            if person.name and f"@{person.name}" not in outgoing.text:
                names.append(f"@{person.name}{_AFTER_MENTION}")
        return clean_text("".join(names) + outgoing.text)

    async def _call(self, rpc: GatewayRpc, method: str, request: object, reply_type: object) -> str | None:
        try:
            reply = await rpc.call(method, request, reply_type, self._limits.send_deadline)
        except RpcError as error:
            if not error.left or error.status in _SURE:
                raise SendRefusedError(f"未发送：{error}") from None
            for words, why in _SURE_WORDS.items():
                if error.status is not None and words in error.words:
                    raise SendRefusedError(f"未发送：{why}") from None
            raise SendUncertainError(f"可能已发送：{error}；重发前请先到群里看一眼") from None
        return reply.id or None


def _file_box(path: Path, limit: int) -> str:
    """Return a file as the JSON of a FileBox, as the protocol wants it. Raises SendRefusedError."""
    try:
        size = path.stat().st_size
        if size > limit:
            raise SendRefusedError(f"未发送：文件有 {size} 字节，网关最多收 {limit} 字节")
        data = path.read_bytes()
    except OSError as error:
        raise SendRefusedError(f"未发送：文件读不了（{error.strerror}）") from None
    box = {"name": path.name, "boxType": _BASE64_BOX, "base64": base64.b64encode(data).decode()}
    return json.dumps(box)
