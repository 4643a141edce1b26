"""What the tests of the core look at: rows, counts, and the channels that fail on purpose."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlmodel import Session, SQLModel, select

from bot.app import App
from bot.channels.base import Outgoing
from bot.errors import ChannelError
from bot.events import MessageKind
from bot.period import local_day
from bot.store.database import Database
from bot.store.labels import counts_of
from bot.store.tables import DailyCount, MessageRow
from bot.store.tables_work import OutboxMessage
from bot.store.types import from_ms
from bot.testing import FakeChannel, FrozenClock

Row = TypeVar("Row", bound=SQLModel)


def rows(database: Database, table: type[Row]) -> list[Row]:
    """All rows of a table, detached."""
    with database.read() as session:
        found = list(session.exec(select(table)))
        session.expunge_all()
        return found


def messages(app: App) -> list[MessageRow]:
    """The recorded messages in the order they were stored."""
    return sorted(rows(app.store.database, MessageRow), key=lambda row: row.id or 0)


def outbox(app: App) -> list[OutboxMessage]:
    """What was ever put into the outbox, oldest first."""
    return sorted(rows(app.store.database, OutboxMessage), key=lambda row: row.id or 0)


def counted(app: App, *, without: Sequence[str] = ("bot_messages",)) -> Counter[tuple[Any, ...]]:
    """The daily counts as they stand, (group, day, kind) -> number; zeros left out."""
    found = {
        (row.group_id, row.day, row.kind): row.count
        for row in rows(app.store.database, DailyCount)
        if row.count and row.kind not in without
    }
    return Counter(found)


def recounted(app: App) -> Counter[tuple[Any, ...]]:
    """The same counts made anew from the rows of the messages."""
    found: Counter[tuple[Any, ...]] = Counter()
    for row in messages(app):
        day = local_day(from_ms(row.sent_ms), app.config.zone)
        for kind in counts_of(row.labels, row.flags, MessageKind(row.kind)):
            found[row.group_id, day, kind] += 1
    return found


def count_of(app: App, kind: str) -> int:
    """One kind of count over all groups and days."""
    with app.store.database.read() as session:
        return sum(session.exec(select(DailyCount.count).where(DailyCount.kind == kind)))


def change(app: App, what: Callable[[Session], object]) -> None:
    """Change rows behind the program's back."""
    with app.store.database.write() as session:
        what(session)


class WatchedChannel(FakeChannel):
    """Writes down when each message left, and fails as told, once for each failure in the list."""

    def __init__(self, name: str = "fake", **more: Any) -> None:
        super().__init__(name, **more)
        self.clock: FrozenClock | None = None
        self.left: list[tuple[datetime, Outgoing]] = []
        self.failures: list[ChannelError | BaseException] = []
        self.tried = 0
        self.before_send: Callable[[], None] | None = None

    async def send(self, outgoing: Outgoing) -> str | None:
        self.tried += 1
        if self.before_send is not None:
            self.before_send()
        if self.failures:
            raise self.failures.pop(0)
        if self.clock is not None:
            self.left.append((self.clock.now(), outgoing))
        return await super().send(outgoing)
