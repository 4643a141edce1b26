"""What an operator should see: queues, what was set aside, what may or may not have been sent, gaps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import col

from bot.store.database import Database
from bot.store.tables import InboxEvent, MessageRow
from bot.store.tables_work import GapRow, OutboxMessage

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Health:
    """The state of one database."""

    messages: int
    inbox: Mapping[str, int]
    outbox: Mapping[str, int]
    dead_events: Sequence[tuple[int, str]]
    unknown_letters: Sequence[tuple[int, datetime, str]]
    gaps: Sequence[tuple[datetime, datetime, str]]


def health(database: Database, since: datetime) -> Health:
    """Look at the queues, and at the gaps that ended after a moment."""
    with database.read() as session:
        inbox = select(col(InboxEvent.state), func.count()).group_by(col(InboxEvent.state))
        outbox = select(col(OutboxMessage.state), func.count()).group_by(col(OutboxMessage.state))
        dead = session.execute(
            select(InboxEvent)
            .where(col(InboxEvent.state) == "dead")
            .order_by(col(InboxEvent.id).desc())
            .limit(SHOWN)
        ).scalars()
        unknown = session.execute(
            select(OutboxMessage)
            .where(col(OutboxMessage.state) == "unknown")
            .order_by(col(OutboxMessage.id).desc())
            .limit(SHOWN)
        ).scalars()
        gaps = session.execute(
            select(GapRow).where(col(GapRow.ended_at) >= since).order_by(col(GapRow.id))
        ).scalars()
        return Health(
            messages=session.execute(select(func.count()).select_from(MessageRow)).scalar_one(),
            inbox={row[0]: row[1] for row in session.execute(inbox)},
            outbox={row[0]: row[1] for row in session.execute(outbox)},
            dead_events=[(row.id or 0, row.reason) for row in dead],
            unknown_letters=[(row.id or 0, row.finished_at or row.created_at, row.reason) for row in unknown],
            gaps=[(row.began_at, row.ended_at, row.reason) for row in gaps],
        )
