"""The groups that an account is in when it logs in: known at once, not only with their first message."""

import asyncio
from collections.abc import Awaitable, Callable

from loguru import logger
from wechaty_grpc.wechaty import puppet

from bot.channels.base import Stub
from bot.channels.cleaning import clean_text
from bot.channels.wechaty_limits import WechatyLimits
from bot.channels.wechaty_rpc import GatewayRpc, RpcError
from bot.clock import Clock

KIND = "room-seen"


class RoomLister:
    """Lists the account's groups after each login, and hands them on a few a second.

    Each group has one stub a day (UTC), so that a gateway that comes and goes makes no more questions.
    """

    def __init__(
        self,
        name: str,
        connection: Callable[[], GatewayRpc | None],
        clock: Clock,
        limits: WechatyLimits,
        on_stub: Callable[[Stub], Awaitable[None]],
    ) -> None:
        self._name = name
        self._log = logger.bind(channel=name)
        self._connection = connection
        self._clock = clock
        self._limits = limits
        self._on_stub = on_stub
        self._wanted = asyncio.Event()

    def want(self) -> None:
        """Ask for the list, soon; somebody has logged in."""
        self._wanted.set()

    async def run(self) -> None:
        """List whenever it is wanted, until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            for number, room_id in enumerate(await self._list()):
                if number and number % self._limits.rooms_per_second == 0:
                    await asyncio.sleep(1)
                now = self._clock.now()
                await self._on_stub(Stub(self._name, KIND, f"{room_id} {now:%Y-%m-%d}", now))

    async def _list(self) -> list[str]:
        rpc = self._connection()
        if rpc is None:  # gone again; its return asks anew
            return []
        try:
            reply = await rpc.call("RoomList", puppet.RoomListRequest(), puppet.RoomListResponse)
        except RpcError as error:
            self._log.warning("列不出所在的群，等它们各自有消息时再认识：{}", error)
            return []
        return sorted({clean_text(room_id) for room_id in reply.ids if room_id})


def room_of(stub: Stub) -> str:
    """Return the group that a stub of this kind is about."""
    return stub.native_id.rpartition(" ")[0]
