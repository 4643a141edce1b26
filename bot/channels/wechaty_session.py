"""The connection to a Wechaty gateway: listen, watch, reconnect, and say what is going on, once per change.

The SDK's `Wechaty.start()` is not used: it returns on a wrong token, on a lost stream and on a take-over, and
drops the gateway's login by stopping the puppet first (design section 8). Here the gateway is only listened
to again; starting, and at last stopping and starting, is tried when nobody is logged in.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

from grpclib.const import Status
from loguru import logger
from wechaty_grpc.wechaty import puppet
from wechaty_grpc.wechaty.puppet import EventType

from bot.channels.intake import SeenGap
from bot.channels.wechaty_limits import WechatyLimits
from bot.channels.wechaty_payload import found_id
from bot.channels.wechaty_rpc import GatewayRpc, RpcError
from bot.channels.wechaty_states import LinkState, state_of
from bot.clock import Clock

_START_DEADLINE = 20.0  # the gateway itself gives starting 15 s
_SETTLED = 10.0  # seconds; a link that held so long is tried again at once


class GatewaySession:
    """One supervised listening to a gateway, for as long as `run` runs."""

    def __init__(
        self,
        name: str,
        open_rpc: Callable[[], GatewayRpc],
        clock: Clock,
        limits: WechatyLimits,
        *,
        on_event: Callable[[int, str], Awaitable[None]],
        on_gap: Callable[[SeenGap], Awaitable[None]],
        on_login: Callable[[], None],
    ) -> None:
        self._log = logger.bind(channel=name)
        self._open_rpc = open_rpc
        self._clock = clock
        self._limits = limits
        self._on_event = on_event
        self._on_gap = on_gap
        self._on_login = on_login
        self.account_id: str | None = None
        self.state = LinkState.NEW
        self._rpc: GatewayRpc | None = None
        self._logged_in = False
        self._alive_at: datetime | None = None  # the last sign of life
        self._down_since: datetime | None = None
        self._down_state = LinkState.NEW
        self._unheard = 0  # dings answered since the last event
        self._dongs = False  # this gateway answers a ding with an event
        self._handing_on = False  # waiting for the inbox, not for the gateway
        self._mute = False  # answers, but delivers nothing any more
        self._restarts = 0
        self._restart_next = False

    @property
    def connected(self) -> bool:
        """Whether the gateway answered lately and somebody is logged in."""
        return self.state is LinkState.ONLINE

    @property
    def rpc(self) -> GatewayRpc | None:
        """The present connection, None while there is none."""
        return self._rpc

    async def run(self) -> None:
        """Listen until cancelled."""
        failures = 0
        self._alive_at = self._clock.now()
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await self._listen()
            except RpcError as error:
                self._lost(LinkState.MUTE if self._mute else state_of(error), str(error))
            if loop.time() - began > _SETTLED:
                failures = 0
            pause = min(self._limits.reconnect_first * 2.0**failures, self._limits.reconnect_cap)
            failures = min(failures + 1, 10)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret

    async def _listen(self) -> None:
        rpc = self._open_rpc()
        self._rpc = rpc
        self._logged_in = self._dongs = self._handing_on = self._mute = False
        self._unheard = 0
        tasks: list[asyncio.Task[None]] = []
        try:
            if self._restart_next:
                self._restart_next = False
                self._restarts += 1
                self._log.warning("无人登录，停止并重新启动网关的 puppet，第 {} 次", self._restarts)
                with suppress(RpcError):
                    await rpc.call("Stop", puppet.StopRequest(), puppet.StopResponse, _START_DEADLINE)
                await rpc.call("Start", puppet.StartRequest(), puppet.StartResponse, _START_DEADLINE)
            tasks = [asyncio.create_task(self._read(rpc)), asyncio.create_task(self._watch(rpc))]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._rpc = None
            rpc.close()

    async def _read(self, rpc: GatewayRpc) -> None:
        async for number, payload in rpc.events():
            self._alive_at = self._clock.now()
            self._unheard = 0
            if number == EventType.EVENT_TYPE_LOGIN:
                await self._login(found_id(payload, "contactId"))
            elif number == EventType.EVENT_TYPE_LOGOUT:
                self._logged_in = False
                self._lost(LinkState.WAITING)
            elif number == EventType.EVENT_TYPE_SCAN:
                if not self._logged_in:
                    self._tell(LinkState.SCAN)
            elif number == EventType.EVENT_TYPE_DONG:
                self._dongs = True
            else:
                self._handing_on = True
                await self._on_event(number, payload)
                self._handing_on = False
        raise RpcError("Event", "事件流结束", left=True, status=Status.OK)

    async def _login(self, account_id: str) -> None:
        if not account_id:
            return
        self._restarts = 0
        self.account_id = account_id
        self._logged_in = True
        await self._back()
        self._on_login()

    async def _watch(self, rpc: GatewayRpc) -> None:
        loop = asyncio.get_running_loop()
        since = loop.time()
        answered = False
        started = False
        while True:
            try:
                await self._ding(rpc)
            except RpcError as error:
                if error.status is Status.UNAUTHENTICATED or (error.status is None and not answered):
                    raise
                if error.status is None:
                    self._lost(LinkState.SILENT)
                    await self._probe(rpc)
                    continue
                # A puppet that knows no ding has answered all the same.
            answered = True
            self._alive_at = self._clock.now()
            if self._logged_in:
                await self._back()
                self._unheard += self._dongs and not self._handing_on
                self._mute = self._unheard > self._limits.mute_after
                if self._mute:
                    raise RpcError("Event", "事件流没有声音", left=True)
            else:
                started = await self._urge_login(rpc, loop.time() - since, started=started)
            await asyncio.sleep(self._limits.ding_every)

    async def _urge_login(self, rpc: GatewayRpc, waited: float, *, started: bool) -> bool:
        """Start the gateway's puppet when nobody logs in; later have it stopped and started, capped."""
        if self.state is LinkState.SCAN or waited < self._limits.ding_every:
            return started
        self._lost(LinkState.WAITING)
        if waited > self._limits.login_patience and not started:
            with suppress(RpcError):
                await rpc.call("Start", puppet.StartRequest(), puppet.StartResponse, _START_DEADLINE)
            return True
        if waited > self._limits.restart_patience and self._restarts < self._limits.restarts:
            self._restart_next = True
            raise RpcError("Event", "无人登录", left=True, status=Status.OK)
        return started

    async def _probe(self, rpc: GatewayRpc) -> None:
        """Find out whether a silent connection is dead; raises RpcError when it is.

        A frozen gateway keeps the stream and what is in it, so the stream is given up only when a new
        connection is answered and this one, asked once more, is not.
        """
        fresh = self._open_rpc()
        try:
            await self._ding(fresh)
        except RpcError as error:
            if error.status is None:
                return
        finally:
            fresh.close()
        await self._ding(rpc)

    async def _ding(self, rpc: GatewayRpc) -> None:
        await rpc.call("Ding", puppet.DingRequest(), puppet.DingResponse, self._limits.ding_deadline)

    def _lost(self, state: LinkState, detail: str = "") -> None:
        if self._down_since is None:
            self._down_since = self._alive_at or self._clock.now()
            self._down_state = state
        self._tell(state, detail)

    async def _back(self) -> None:
        if self._down_since is not None:
            gap = SeenGap(self._down_since, self._clock.now(), self._down_state.value)
            self._down_since = None
            await self._on_gap(gap)
        self._tell(LinkState.ONLINE)

    def _tell(self, state: LinkState, detail: str = "") -> None:
        """Log a change, once; details are our own words, without texts, ids or tokens."""
        if state is self.state:
            return
        self.state = state
        level = "INFO" if state is LinkState.ONLINE else "WARNING"
        line = "，".join(part for part in (state.value, state.advice) if part)
        self._log.log(level, "{}{}", line, f" [{detail}]" if detail else "")
