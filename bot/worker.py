"""Takes what waits in the inbox through the pipeline: resolves stubs concurrently, keeps their order."""

import asyncio
from collections.abc import Callable

from loguru import logger

from bot.channels.base import Channel, Stub
from bot.errors import GatewayUnavailableError, PayloadError, StoreError
from bot.inbox import DurableInbox
from bot.log import failure
from bot.pipeline import Arrival, Pipeline

BATCH = 500
CONCURRENCY = 16
TRIES = 8
POLL_SECONDS = 1.0


class Worker:
    """Works one channel's inbox off, for ever. `processed` is called after each batch."""

    def __init__(
        self, inbox: DurableInbox, channel: Channel, pipeline: Pipeline, processed: Callable[[], None]
    ) -> None:
        self._inbox = inbox
        self._channel = channel
        self._pipeline = pipeline
        self._processed = processed
        self._turn = asyncio.Lock()  # batches and jobs use one follower and one recorder
        self._refused = False  # said once, until the database takes something again

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            self._inbox.arrived.clear()
            try:
                worked = await self.step()
            except StoreError as error:
                if not self._refused:
                    logger.error("数据库写不进去，消息留在收件箱里，恢复后自动继续：{}", error)
                    self._refused = True
                worked = False
            if not worked:
                try:
                    await asyncio.wait_for(self._inbox.arrived.wait(), POLL_SECONDS)
                except TimeoutError:
                    continue

    async def step(self) -> bool:
        """Work off one batch; true when anything got further."""
        rows = await asyncio.to_thread(self._inbox.pending, BATCH)
        if not rows:
            return False
        gate = asyncio.Semaphore(CONCURRENCY)
        results = await asyncio.gather(*(self._resolve(gate, stub) for _, stub, _ in rows))
        arrivals: list[Arrival] = []
        again: list[int] = []
        progress = False
        for (row_id, _, attempts), result in zip(rows, results, strict=True):
            if isinstance(result, Arrival):
                arrivals.append(Arrival(row_id, result.events))
            elif isinstance(result, PayloadError) or attempts + 1 >= TRIES:
                logger.warning("收件箱 {} 号事件读不出来，已搁置：{}", row_id, result)
                await asyncio.to_thread(self._inbox.dead, row_id, str(result))
                progress = True
            else:
                again.append(row_id)
        if again and self._channel.connected:
            # While the gateway is away nothing can be resolved: that is no fault of these events.
            await asyncio.to_thread(self._inbox.later, again)
        if arrivals:
            async with self._turn:
                failed = await asyncio.to_thread(self._pipeline.process, arrivals)
            for row_id, reason in failed:
                await asyncio.to_thread(self._inbox.dead, row_id, reason)
            if self._refused:
                logger.info("数据库恢复，继续处理消息")
                self._refused = False
            self._processed()
            progress = True
        return progress

    async def minute(self) -> None:
        """Let the jobs of plugins do what is due, between two batches."""
        try:
            async with self._turn:
                await asyncio.to_thread(self._pipeline.minute)
        except StoreError as error:
            if not self._refused:
                logger.error("数据库写不进去，定时任务恢复后自动继续：{}", error)
                self._refused = True
        self._processed()

    async def _resolve(self, gate: asyncio.Semaphore, stub: Stub) -> Arrival | Exception:
        async with gate:
            try:
                return Arrival(0, await self._channel.resolve(stub))
            except (PayloadError, GatewayUnavailableError) as error:
                return error
            except Exception as error:  # noqa: BLE001 (an SDK's surprise must not hold up the others)
                logger.error("读取一条消息时出错：{}", failure(error))
                return PayloadError(failure(error))
