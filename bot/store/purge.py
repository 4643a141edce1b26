"""Retention: what has expired is deleted daily; daily counts stay."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import CursorResult, delete, select, update
from sqlmodel import col

from bot.period import local_day
from bot.store.database import Database
from bot.store.recorder import add_counts
from bot.store.tables import Ack, InboxEvent, Mention, MessageRow, MessageText, NoticePost, Receipt, TodoDone
from bot.store.tables_work import Audit, Confirmation, Decision, OutboxMessage
from bot.store.types import to_ms

INBOX_DAYS = 30  # how long a redelivery is recognised


@dataclass(frozen=True, slots=True)
class Retention:
    """Days that each kind of record is kept."""

    metadata_days: int
    audit_days: int


def purge(database: Database, retention: Retention, now: datetime) -> dict[str, int]:
    """Delete what has expired; return how many rows of each kind."""
    removed: dict[str, int] = {}
    with database.write() as session:
        old_ms = to_ms(now - timedelta(days=retention.metadata_days))
        old = select(col(MessageRow.id)).where(col(MessageRow.sent_ms) < old_ms)
        for name, statement in {
            "文字": delete(MessageText).where(col(MessageText.expires_at) <= now),
            "提及": delete(Mention).where(col(Mention.message_id).in_(old)),
            "通知": delete(NoticePost).where(col(NoticePost.sent_ms) < old_ms),
            "回执消息": delete(Ack).where(col(Ack.sent_ms) < old_ms),
            "回执": delete(Receipt).where(col(Receipt.at) < now - timedelta(days=retention.metadata_days)),
            "待办": delete(TodoDone).where(col(TodoDone.at) < now - timedelta(days=retention.metadata_days)),
            "处理记录": delete(Decision).where(
                col(Decision.at) < now - timedelta(days=retention.metadata_days)
            ),
            "消息": delete(MessageRow).where(col(MessageRow.sent_ms) < old_ms),
            "收件箱": delete(InboxEvent).where(
                col(InboxEvent.state) != "received",
                col(InboxEvent.received_at) < now - timedelta(days=INBOX_DAYS),
            ),
            "发件箱": delete(OutboxMessage).where(
                col(OutboxMessage.state).in_(("sent", "dead")),
                col(OutboxMessage.created_at) < now - timedelta(days=retention.metadata_days),
            ),
            "审计": delete(Audit).where(col(Audit.at) < now - timedelta(days=retention.audit_days)),
            "验证码": delete(Confirmation).where(col(Confirmation.expires_at) < now),
        }.items():
            removed[name] = _count(session.execute(statement))
        # What was given up long ago keeps no text either.
        session.execute(
            update(OutboxMessage)
            .where(
                col(OutboxMessage.state) == "dead", col(OutboxMessage.finished_at) < now - timedelta(days=1)
            )
            .values(sealed=b"")
        )
    database.settle()
    return removed


def count_bot_message(database: Database, group_id: int, at: datetime, zone: ZoneInfo) -> None:
    """Count a message of the bot's own in a group: its noise stands in its own reports."""
    with database.write() as session:
        add_counts(session, Counter({(group_id, local_day(at, zone), "bot_messages"): 1}))


def _count(result: Any) -> int:
    return result.rowcount if isinstance(result, CursorResult) else 0
