"""The states of the link to a Wechaty gateway, as the operator reads them, and a look at them from outside."""

from enum import StrEnum

from grpclib.const import Status
from wechaty_grpc.wechaty import puppet

from bot.channels.wechaty_rpc import GatewayRpc, RpcError


class LinkState(StrEnum):
    """A state; its value stands in the log and as the reason of a gap."""

    NEW = "尚未连接"
    UNREACHABLE = "连不上网关"
    REFUSED = "网关不认令牌"
    TAKEN = "网关的事件流被占用"
    ENDED = "网关断开了事件流"
    MUTE = "网关的事件流没有声音"
    SILENT = "网关没有回应"
    WAITING = "网关在线，但账号未登录"
    SCAN = "网关在等扫码登录"
    ONLINE = "网关已连接，账号已登录"

    @property
    def advice(self) -> str:
        """What is being done about it, and what the operator can do."""
        return _ADVICE.get(self, "")

    @property
    def remedy(self) -> str:
        """What the operator can do, for one who looks while nothing runs."""
        return self.advice.removeprefix(_RETRYING)


_RETRYING = "持续重试；"
_ADVICE = {
    LinkState.UNREACHABLE: _RETRYING
    + "网关要已启动且不用 TLS（WECHATY_PUPPET_SERVICE_NO_TLS_INSECURE_SERVER=true）",
    LinkState.REFUSED: _RETRYING + "请核对 channel.token",
    # After a broken route the gateway may hold our own old stream until its TCP gives up (some minutes);
    # stopping the puppet would free it at once, but may cost the login, which is worse than the gap.
    LinkState.TAKEN: _RETRYING + "请停掉另一个客户端（若是自己断掉的旧连接，网关几分钟后会放开）",
    LinkState.ENDED: "重新监听（网关重启，或被另一个客户端接管）",
    LinkState.MUTE: "重新监听",
    LinkState.SILENT: "等待恢复",
    LinkState.WAITING: "等待登录",
    LinkState.SCAN: "请到网关上扫码",
}


def state_of(error: RpcError) -> LinkState:
    """Return what a failed link means."""
    if error.status is Status.UNAUTHENTICATED:
        return LinkState.REFUSED
    if error.status is Status.ALREADY_EXISTS:
        return LinkState.TAKEN
    if error.status is not None:
        return LinkState.ENDED
    return LinkState.UNREACHABLE


async def check_gateway(endpoint: str, token: str, deadline: float = 5.0) -> LinkState | None:
    """Ask a gateway whether it answers and takes the token; None when it does.

    Disturbs nobody who listens to it. Raises ConfigError for an endpoint that is none.
    """
    rpc = GatewayRpc(endpoint, token, deadline)
    try:
        await rpc.call("Version", puppet.VersionRequest(), puppet.VersionResponse)
    except RpcError as error:
        if error.status is Status.UNIMPLEMENTED:  # answered, by a puppet that tells no version
            return None
        return state_of(error)
    finally:
        rpc.close()
    return None
