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
PATIENCE_SECONDS = 2.0  # for a batch; then what is answered goes on, and the rest when it is answered
LONGEST_PAUSE = 30.0  # seconds between two tries to read an event
MOST_SKIPPED = 10_000  # rows that one query can leave out


class Worker:
    """Works one channel's inbox off, for ever. `processed` is called after each batch."""

    def __init__(
        self,
        inbox: DurableInbox,
        channel: Channel,
        pipeline: Pipeline,
        processed: Callable[[], None],
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._inbox = inbox
        self._channel = channel
        self._pipeline = pipeline
        self._processed = processed
        self._patience = patience
        self._gate = asyncio.Semaphore(CONCURRENCY)
        self._asked: dict[int, tuple[int, asyncio.Task[Arrival | Exception]]] = {}  # row -> attempts, answer
        self._again_at: dict[int, float] = {}  # row -> when to ask once more, in the loop's time
        self._turn = asyncio.Lock()  # batches and jobs use one follower and one recorder
        self._refused = False  # said once, until the database takes something again

    async def run(self) -> None:
        """Work until cancelled."""
        try:
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
        finally:
            tasks = [task for _, task in self._asked.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def step(self) -> bool:
        """Work off one batch; true when anything got further."""
        await self._ask()
        arrivals: list[Arrival] = []
        again: list[tuple[int, int]] = []
        progress = False
        connected = self._channel.connected
        for row_id, attempts, result in self._answered():
            if isinstance(result, Arrival):
                arrivals.append(result)
            elif isinstance(result, PayloadError) or (connected and attempts + 1 >= TRIES):
                logger.warning("收件箱 {} 号事件读不出来，已搁置：{}", row_id, result)
                await asyncio.to_thread(self._inbox.dead, row_id, str(result))
                progress = True
            else:
                again.append((row_id, attempts))
        if again and connected:
            # While the gateway is away nothing can be resolved: that is no fault of these events.
            await asyncio.to_thread(self._inbox.later, [row_id for row_id, _ in again])
            now = asyncio.get_running_loop().time()
            for row_id, attempts in again:
                self._again_at[row_id] = now + min(2.0**attempts, LONGEST_PAUSE)
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

    async def _ask(self) -> None:
        """Ask for the content of what waits; wait for it a little: one slow answer holds up no other."""
        now = asyncio.get_running_loop().time()
        self._again_at = {row_id: at for row_id, at in self._again_at.items() if at > now}
        room = BATCH - len(self._asked)
        if room <= 0:
            await asyncio.wait([task for _, task in self._asked.values()], timeout=self._patience)
            return
        skip = [*self._asked, *self._again_at][:MOST_SKIPPED]
        rows = await asyncio.to_thread(self._inbox.pending, room, skip)
        tasks = [asyncio.create_task(self._resolve(row_id, stub)) for row_id, stub, _ in rows]
        for (row_id, _, attempts), task in zip(rows, tasks, strict=True):
            self._asked[row_id] = (attempts, task)
        if tasks:
            await asyncio.wait(tasks, timeout=self._patience)

    def _answered(self) -> list[tuple[int, int, Arrival | Exception]]:
        """Take out what is answered, in the order of arrival: row, attempts before, answer."""
        found = [
            (row_id, attempts, task.result())
            for row_id, (attempts, task) in sorted(self._asked.items())
            if task.done()
        ]
        for row_id, _, _ in found:
            del self._asked[row_id]
        return found

    async def _resolve(self, row_id: int, stub: Stub) -> Arrival | Exception:
        async with self._gate:
            try:
                return Arrival(row_id, await self._channel.resolve(stub))
            except (PayloadError, GatewayUnavailableError) as error:
                return error
            except Exception as error:  # noqa: BLE001 (an SDK's surprise must not hold up the others)
                logger.error("读取一条消息时出错：{}", failure(error))
                return PayloadError(failure(error))
