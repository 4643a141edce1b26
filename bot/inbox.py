"""The inbox: an event is durable here before anything else is asked of the gateway."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Table, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from bot.channels.base import Stub
from bot.store.database import Database
from bot.store.tables import InboxEvent
from bot.store.tables_work import GapRow, Meta
from bot.store.types import storable
from bot.store.vault import Vault

INBOX: Table = InboxEvent.__table__  # type: ignore[attr-defined]  # SQLModel hides it


class DurableInbox:
    """The inbox of one channel."""

    def __init__(self, database: Database, vault: Vault, channel: str) -> None:
        self._database = database
        self._vault = vault
        self._channel = channel
        self.arrived = asyncio.Event()

    async def accept(self, stubs: Sequence[Stub]) -> None:
        """Return when the stubs are durable; a known one is dropped. Raises StoreUnavailableError."""
        await asyncio.to_thread(self._write, stubs)
        self.arrived.set()

    async def gap(self, began_at: datetime, ended_at: datetime, reason: str) -> None:
        """Write down that messages may be missing. Raises StoreUnavailableError."""
        row = GapRow(channel=self._channel, began_at=began_at, ended_at=ended_at, reason=reason[:200])
        await asyncio.to_thread(self._write_gap, row)

    def _write(self, stubs: Sequence[Stub]) -> None:
        rows = [
            {
                "channel": stub.channel,
                "kind": stub.kind,
                "native_id": storable(stub.native_id)[:500],
                "received_at": stub.received_at,
                "sealed": None
                if stub.payload is None
                else self._vault.seal(stub.payload.decode("utf-8", "surrogatepass")),
                "state": "received",
                "attempts": 0,
                "reason": "",
            }
            for stub in stubs
        ]
        if not rows:
            return
        insert = sqlite.insert(INBOX) if self._database.is_sqlite else postgresql.insert(INBOX)
        with self._database.write() as session:
            session.connection().execute(insert.on_conflict_do_nothing(), rows)

    def _write_gap(self, row: GapRow) -> None:
        with self._database.write() as session:
            session.add(row)

    def listening(self, now: datetime) -> None:
        """Write down that everything up to now was heard, or is in a gap of its own."""
        with self._database.write() as session:
            session.merge(Meta(name=f"heard_until:{self._channel}", value=now.isoformat()))

    def missed(self, now: datetime) -> None:
        """Write down the time in which the program did not run as a gap."""
        with self._database.write() as session:
            known = session.get(Meta, f"heard_until:{self._channel}")
            if known is None or (began_at := datetime.fromisoformat(known.value)) >= now:
                return
            session.add(GapRow(channel=self._channel, began_at=began_at, ended_at=now, reason="程序没有运行"))
            session.merge(Meta(name=f"heard_until:{self._channel}", value=now.isoformat()))

    # for the pipeline

    def pending(self, limit: int, skip: Sequence[int] = ()) -> list[tuple[int, Stub, int]]:
        """Return (row id, stub, attempts) of what waits, oldest first."""
        with self._database.read() as session:
            statement = (
                select(InboxEvent)
                .where(
                    col(InboxEvent.channel) == self._channel,
                    col(InboxEvent.state) == "received",
                    col(InboxEvent.id).not_in(skip),
                )
                .order_by(col(InboxEvent.id))
                .limit(limit)
            )
            return [
                (
                    row.id or 0,
                    Stub(
                        row.channel,
                        row.kind,
                        row.native_id,
                        row.received_at,
                        None
                        if row.sealed is None
                        else self._vault.unseal(row.sealed).encode("utf-8", "surrogatepass"),
                    ),
                    row.attempts,
                )
                for row in session.execute(statement).scalars()
            ]

    def later(self, row_ids: Sequence[int]) -> None:
        """Count another attempt of rows that could not be resolved."""
        with self._database.write() as session:
            session.execute(
                update(InboxEvent)
                .where(col(InboxEvent.id).in_(row_ids))
                .values(attempts=col(InboxEvent.attempts) + 1)
            )

    def dead(self, row_id: int, reason: str) -> None:
        """Set an event aside with its reason; it is shown to the operator and never tried again."""
        with self._database.write() as session:
            session.execute(
                update(InboxEvent)
                .where(col(InboxEvent.id) == row_id)
                .values(state="dead", reason=storable(reason)[:300], sealed=None)
            )

    def states(self) -> dict[str, int]:
        """Return how many events are in each state."""
        with self._database.read() as session:
            statement = (
                select(col(InboxEvent.state), func.count())
                .where(col(InboxEvent.channel) == self._channel)
                .group_by(col(InboxEvent.state))
            )
            return {row[0]: row[1] for row in session.execute(statement)}
