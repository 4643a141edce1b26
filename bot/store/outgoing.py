"""The rows of the outbox: put in with their cause, claimed before sending, finished after."""

import json
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import CursorResult, func, select, update
from sqlmodel import Session, col

from bot.channels.base import Target
from bot.pacing import Sent
from bot.store.database import Database
from bot.store.tables_work import Meta, OutboxMessage
from bot.store.vault import Vault

UNSOLICITED = ("unsolicited", "digest")
FINISHED = ("sent", "unknown")


@dataclass(frozen=True, slots=True)
class Letter:
    """Something to send: a text or file to a target, or (kind "recall") a message to delete."""

    key: str
    kind: str  # reply, unsolicited, digest, recall
    target: Target
    text: str = ""
    file_path: str | None = None
    mentions: tuple[str, ...] = ()
    recall_id: str = ""
    group_id: int | None = None
    fallback: "Letter | None" = None  # sent instead when this one is surely refused
    not_before: datetime | None = None
    expires_at: datetime | None = None


class Outgoing:
    """Reads and writes the outbox of one channel."""

    def __init__(self, database: Database, vault: Vault, channel: str, zone: ZoneInfo) -> None:
        self._database = database
        self._vault = vault
        self._channel = channel
        self._zone = zone

    def put(self, session: Session, letter: Letter, now: datetime) -> bool:
        """Put a letter in, within the caller's transaction; false when its key was used before."""
        statement = select(col(OutboxMessage.id)).where(col(OutboxMessage.key) == letter.key)
        if session.execute(statement).first() is not None:
            return False
        session.add(
            OutboxMessage(
                key=letter.key,
                channel=self._channel,
                chat=self._chat(letter.target),
                group_id=letter.group_id,
                kind=letter.kind,
                sealed=self._vault.seal(_dump(letter)),
                created_at=now,
                not_before=letter.not_before or now,
                expires_at=letter.expires_at,
            )
        )
        session.flush()
        return True

    def mark_interrupted(self, now: datetime) -> int:
        """Mark what was being sent when the process died as unknown: it may have left."""
        with self._database.write() as session:
            return _count(
                session.execute(
                    update(OutboxMessage)
                    .where(col(OutboxMessage.channel) == self._channel, col(OutboxMessage.state) == "sending")
                    .values(state="unknown", finished_at=now, reason="发送途中程序中断，是否送达不明")
                )
            )

    def due(self, now: datetime, limit: int = 50) -> list[tuple[int, Letter, str]]:
        """Return (row id, letter, chat) of what may leave by its own time, replies first, oldest first."""
        with self._database.read() as session:
            rows = session.execute(
                select(OutboxMessage)
                .where(
                    col(OutboxMessage.channel) == self._channel,
                    col(OutboxMessage.state) == "pending",
                    col(OutboxMessage.not_before) <= now,
                )
                .order_by(
                    col(OutboxMessage.kind) != "reply", col(OutboxMessage.not_before), col(OutboxMessage.id)
                )
                .limit(limit)
            ).scalars()
            return [(row.id or 0, self._load(row), row.chat) for row in rows]

    def waiting(self) -> int:
        """Return how many letters wait or are being sent."""
        with self._database.read() as session:
            statement = select(func.count()).where(
                col(OutboxMessage.channel) == self._channel,
                col(OutboxMessage.state).in_(("pending", "sending")),
            )
            return int(session.execute(statement).scalar_one())

    def waiting_before(self, end: datetime) -> int:
        """Return how many letters want to leave before a moment."""
        with self._database.read() as session:
            statement = select(func.count()).where(
                col(OutboxMessage.channel) == self._channel,
                col(OutboxMessage.state) == "pending",
                col(OutboxMessage.not_before) <= end,
            )
            return int(session.execute(statement).scalar_one())

    def claim(self, row_id: int) -> bool:
        """Take a letter for sending; false when another process has taken it."""
        with self._database.write() as session:
            result = session.execute(
                update(OutboxMessage)
                .where(col(OutboxMessage.id) == row_id, col(OutboxMessage.state) == "pending")
                .values(state="sending", attempts=OutboxMessage.attempts + 1)
            )
            return _count(result) == 1

    def finish(
        self, row_id: int, state: str, now: datetime, *, native_id: str = "", reason: str = ""
    ) -> None:
        """Write down how sending ended; what has left keeps no text."""
        with self._database.write() as session:
            values: dict[str, Any] = {
                "state": state,
                "finished_at": now,
                "native_id": native_id,
                "reason": reason[:300],
            }
            if state == "sent":
                values["sealed"] = b""
            session.execute(update(OutboxMessage).where(col(OutboxMessage.id) == row_id).values(**values))

    def retry(self, row_id: int, at: datetime, reason: str) -> None:
        """Put a letter that was surely not sent back."""
        with self._database.write() as session:
            session.execute(
                update(OutboxMessage)
                .where(col(OutboxMessage.id) == row_id)
                .values(state="pending", not_before=at, reason=reason[:300])
            )

    def postpone(self, row_id: int, at: datetime) -> None:
        """Let a waiting letter wait until a moment: what may leave earlier is not behind it."""
        with self._database.write() as session:
            session.execute(
                update(OutboxMessage)
                .where(col(OutboxMessage.id) == row_id, col(OutboxMessage.state) == "pending")
                .values(not_before=at)
            )

    def put_instead(self, row_id: int, letter: Letter, now: datetime, reason: str) -> None:
        """Give a refused letter up and put its fallback in, at once."""
        with self._database.write() as session:
            session.execute(
                update(OutboxMessage)
                .where(col(OutboxMessage.id) == row_id)
                .values(state="dead", finished_at=now, reason=reason[:300])
            )
            if letter.fallback is not None:
                self.put(session, replace(letter.fallback, key=f"{letter.key}:instead", not_before=now), now)

    def sent(self, now: datetime, chat: str, group_id: int | None) -> Sent:
        """Return what was sent lately, for the limits."""
        begin = datetime.combine(now.astimezone(self._zone).date(), time(), self._zone)
        own = [
            col(OutboxMessage.channel) == self._channel,
            col(OutboxMessage.state).in_((*FINISHED, "sending")),
        ]
        finished = col(OutboxMessage.finished_at)
        with self._database.read() as session:

            def value(*where: Any, what: Any) -> Any:
                return session.execute(select(what).where(*own, *where)).scalar()

            minute = session.execute(
                select(finished).where(*own, finished > now - timedelta(minutes=1))
            ).scalars()
            paused = session.get(Meta, f"paused_until:{self._channel}")
            return Sent(
                last_in_chat=value(col(OutboxMessage.chat) == chat, what=func.max(finished)),
                last_anywhere=value(what=func.max(finished)),
                in_last_minute=tuple(item for item in minute if item is not None),
                today=value(finished >= begin, what=func.count()) or 0,
                unsolicited_today=value(
                    finished >= begin,
                    col(OutboxMessage.kind).in_(UNSOLICITED),
                    col(OutboxMessage.chat) == chat
                    if group_id is None
                    else col(OutboxMessage.group_id) == group_id,
                    what=func.count(),
                )
                or 0,
                paused_until=datetime.fromisoformat(paused.value) if paused else None,
            )

    def pause(self, until: datetime) -> None:
        """Stop all sending until a moment: the platform said 操作频繁."""
        with self._database.write() as session:
            session.merge(Meta(name=f"paused_until:{self._channel}", value=until.isoformat()))

    def _chat(self, target: Target) -> str:
        return self._vault.hash("chat", target.group_id or "", target.person_id or "")[:32]

    def _load(self, row: OutboxMessage) -> Letter:
        return _parse(json.loads(self._vault.unseal(row.sealed)), row)


def _dump(letter: Letter) -> str:
    return json.dumps(_values(letter), ensure_ascii=False)


def _values(letter: Letter) -> dict[str, Any]:
    return {
        "group": letter.target.group_id,
        "person": letter.target.person_id,
        "text": letter.text,
        "file": letter.file_path,
        "mentions": list(letter.mentions),
        "recall": letter.recall_id,
        "kind": letter.kind,
        "group_id": letter.group_id,
        "fallback": _values(letter.fallback) if letter.fallback else None,
    }


def _parse(values: dict[str, Any], row: OutboxMessage) -> Letter:
    fallback = values.get("fallback")
    return Letter(
        key=row.key,
        kind=values["kind"],
        target=Target(values["group"], values["person"]),
        text=values["text"],
        file_path=values["file"],
        mentions=tuple(values["mentions"]),
        recall_id=values["recall"],
        group_id=values["group_id"],
        fallback=_parse(fallback, row) if fallback else None,
        not_before=row.not_before,
        expires_at=row.expires_at,
    )


def _count(result: Any) -> int:
    return result.rowcount if isinstance(result, CursorResult) else 0
