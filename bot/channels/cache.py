"""A cache with expiry whose missing entries are fetched once, however many ask for them at once."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from bot.clock import Clock

K = TypeVar("K")
V = TypeVar("V")


class ExpiringCache(Generic[K, V]):
    """Values by key, each asked for again when `lifetime` has passed or it was dropped."""

    def __init__(
        self, fetch: Callable[[K], Awaitable[V]], lifetime: timedelta, clock: Clock, size: int
    ) -> None:
        self._fetch = fetch
        self._lifetime = lifetime
        self._clock = clock
        self._size = size
        self._values: OrderedDict[K, tuple[datetime, V]] = OrderedDict()
        self._flights: dict[K, asyncio.Task[V]] = {}

    async def get(self, key: K) -> tuple[V, bool]:
        """Return the value, and whether it was fetched for this question. Raises what `fetch` raises."""
        known = self._values.get(key)
        if known is not None and self._clock.now() - known[0] < self._lifetime:
            self._values.move_to_end(key)
            return known[1], False
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(self._fly(key))
            flight.add_done_callback(_look_at)
            self._flights[key] = flight
        # Shielded: one who gives up waiting must not take the answer from the others.
        return await asyncio.shield(flight), True

    def drop(self, key: K) -> None:
        """Forget a value; a fetch under way does not bring it back."""
        self._values.pop(key, None)
        self._flights.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        self._values.clear()
        self._flights.clear()

    async def _fly(self, key: K) -> V:
        mine = asyncio.current_task()
        asked_at = self._clock.now()
        try:
            value = await self._fetch(key)
            if self._flights.get(key) is mine:
                self._values[key] = (asked_at, value)
                while len(self._values) > self._size:
                    self._values.popitem(last=False)
            return value
        finally:
            if self._flights.get(key) is mine:
                del self._flights[key]


def _look_at(flight: asyncio.Task[Any]) -> None:
    """Take notice of a failure, else asyncio complains when all who asked have given up."""
    if not flight.cancelled():
        flight.exception()
