"""Calls to a Wechaty gateway (puppet service), each with a deadline and an honest error.

Works on the generated messages of `wechaty_grpc`, not on the SDK above them: that has no deadlines, maps
message types through a list that ends at 15, and throws away the ids of sent messages (design section 8).
"""

import struct
from collections.abc import AsyncIterator
from typing import Any

from grpclib.client import Channel as GrpcChannel
from grpclib.const import Cardinality, Status
from grpclib.exceptions import GRPCError, ProtocolError, StreamTerminatedError
from h2.exceptions import H2Error
from wechaty_grpc.wechaty import puppet

from bot.errors import ConfigError, GatewayUnavailableError

_SERVICE = "/wechaty.Puppet/"
_UNREADABLE = (ValueError, IndexError, KeyError, struct.error)  # what betterproto raises on broken bytes
_LOST = (TimeoutError, OSError, ProtocolError, StreamTerminatedError, H2Error)


class RpcError(GatewayUnavailableError):
    """A call that brought no result.

    `left`: the request may have reached the gateway. `status`: what the gateway answered, None when it did
    not answer. `words`: the gateway's own text, which may quote messages: for comparing, never for a log.
    """

    def __init__(
        self, method: str, reason: str, *, left: bool, status: Status | None = None, words: str = ""
    ) -> None:
        super().__init__(f"网关调用 {method}：{reason}")
        self.left = left
        self.status = status
        self.words = words


def parse_endpoint(endpoint: str) -> tuple[str, int]:
    """Split "host:port" ("[::1]:8788" too). Raises ConfigError."""
    host, _, port = endpoint.strip().rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ConfigError(f'channel.endpoint = {endpoint!r} 不对：应为 "host:port"，如 "127.0.0.1:8788"')
    return host.strip("[]"), int(port)


class GatewayRpc:
    """One connection to a gateway; made inside a running loop, closed by its maker."""

    def __init__(self, endpoint: str, token: str, deadline: float) -> None:
        host, port = parse_endpoint(endpoint)
        self._channel = GrpcChannel(host=host, port=port)
        # The puppet protocol without TLS takes the token from :authority, for which grpclib has no
        # public setting; the SDK sets it in the same place.
        self._channel._authority = token  # noqa: SLF001
        self._deadline = deadline
        self._closed = False

    def close(self) -> None:
        """Close the connection; calls under way end with an RpcError."""
        if not self._closed:
            self._closed = True
            self._channel.close()

    async def call(self, method: str, request: Any, reply_type: Any, deadline: float | None = None) -> Any:
        """Make one call within `deadline` seconds and return the reply. Raises RpcError."""
        if self._closed:  # grpclib would silently connect again
            raise RpcError(method, "连接已关闭", left=False)
        left = False
        try:
            async with self._channel.request(
                _SERVICE + method,
                Cardinality.UNARY_UNARY,
                type(request),
                reply_type,
                timeout=self._deadline if deadline is None else deadline,
            ) as stream:
                await stream.send_request()  # connects; headers alone make nothing happen
                left = True
                await stream.send_message(request, end=True)
                reply = await stream.recv_message()
        except GRPCError as error:
            raise _answered(method, error, left=left) from None
        except _LOST as error:
            raise RpcError(method, _reason(error), left=left) from None
        except _UNREADABLE:
            raise RpcError(method, "回答读不懂", left=True, status=Status.OK) from None
        finally:
            if self._closed:  # while this call was connecting
                self._channel.close()
        if reply is None:
            raise RpcError(method, "没有回答", left=True)
        return reply

    async def events(self) -> AsyncIterator[tuple[int, str]]:
        """Listen: type and payload text of every event, until the gateway ends it. Raises RpcError."""
        try:
            async with self._channel.request(
                _SERVICE + "Event", Cardinality.UNARY_STREAM, puppet.EventRequest, puppet.EventResponse
            ) as stream:
                await stream.send_message(puppet.EventRequest(), end=True)
                async for event in stream:
                    yield int(event.type), event.payload
        except GRPCError as error:
            raise _answered("Event", error, left=True) from None
        except _LOST as error:
            raise RpcError("Event", _reason(error), left=True) from None
        except _UNREADABLE:
            raise RpcError("Event", "事件读不懂", left=True, status=Status.OK) from None


def _answered(method: str, error: GRPCError, *, left: bool) -> RpcError:
    # UNAVAILABLE and CANCELLED are what a dying connection says, not what the gateway decided.
    lost = error.status in {Status.UNAVAILABLE, Status.CANCELLED, Status.DEADLINE_EXCEEDED}
    return RpcError(
        method,
        f"网关答复 {error.status.name}",
        left=left,
        status=None if lost else error.status,
        words=str(error.message or ""),
    )


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "限时内没有回答"
    if isinstance(error, ConnectionRefusedError):
        return "连接被拒绝"
    return f"连接断开（{type(error).__name__}）"
