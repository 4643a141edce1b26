"""What a channel received, on its way into the inbox: in order, in batches, kept while the inbox refuses."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from loguru import logger

from bot.channels.base import Inbox, Stub
from bot.errors import StoreUnavailableError

_BATCH = 500


@dataclass(frozen=True, slots=True)
class SeenGap:
    """A gap waiting for the inbox."""

    began_at: datetime
    ended_at: datetime
    reason: str


class Intake:
    """An ordered, bounded way into the inbox; when it is full, `put` waits and the gateway is held up.

    An inbox that refuses is asked again every `retry_after` seconds.
    """

    def __init__(self, channel: str, inbox: Inbox, size: int = 20_000, retry_after: float = 1.0) -> None:
        self._log = logger.bind(channel=channel)
        self._inbox = inbox
        self._queue: asyncio.Queue[Stub | SeenGap] = asyncio.Queue(size)
        self._retry_after = retry_after
        self._refused = False

    async def put(self, item: Stub | SeenGap) -> None:
        """Queue one event or gap."""
        await self._queue.put(item)

    async def run(self) -> None:
        """Write until cancelled; on cancelling, write once more what is queued."""
        batch: list[Stub | SeenGap] = []
        try:
            while True:
                batch.append(await self._queue.get())
                self._drain(batch)
                await self._write_all(batch)
        except asyncio.CancelledError:
            self._drain(batch, limit=None)
            await self._write_last(batch)
            raise

    def _drain(self, batch: list[Stub | SeenGap], limit: int | None = _BATCH) -> None:
        while (limit is None or len(batch) < limit) and not self._queue.empty():
            batch.append(self._queue.get_nowait())

    async def _write_all(self, batch: list[Stub | SeenGap]) -> None:
        while batch:
            try:
                await self._write(batch)
            except StoreUnavailableError as error:
                if not self._refused:
                    self._refused = True
                    self._log.error("收件箱写不进去，收到的事件先留在内存里：{}", error)
                await asyncio.sleep(self._retry_after)
            else:
                if self._refused:
                    self._refused = False
                    self._log.info("收件箱恢复写入")

    async def _write_last(self, batch: list[Stub | SeenGap]) -> None:
        try:
            await self._write(batch)
        except StoreUnavailableError as error:
            self._log.error("收件箱写不进去，{} 个收到的事件丢失：{}", len(batch), error)

    async def _write(self, batch: list[Stub | SeenGap]) -> None:
        """Write from the front, removing what is durable."""
        while batch:
            if isinstance(batch[0], SeenGap):
                gap = batch[0]
                await self._inbox.gap(gap.began_at, gap.ended_at, gap.reason)
                del batch[0]
                continue
            stubs: list[Stub] = []
            for item in batch:
                if isinstance(item, SeenGap):
                    break
                stubs.append(item)
            await self._inbox.accept(stubs)
            del batch[: len(stubs)]
