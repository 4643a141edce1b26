"""Posts and receipts between the book of notices and its rows."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, bindparam, select, update
from sqlmodel import Session, col

from bot.notices.features import unpack
from bot.notices.records import Ack as AckEvent
from bot.notices.records import Acked, AckKind, Chain, Chained, NoticeEvent, Outcome, Post, Posted, Relation
from bot.notices.redundancy import asked
from bot.store.labels import MessageFlag, from_bits
from bot.store.tables import Ack, Group, Member, Mention, MessageRow, NoticePost, Person, Receipt
from bot.store.types import from_ms, to_ms

POSTS: Table = NoticePost.__table__  # type: ignore[attr-defined]  # SQLModel hides it
ACKS: Table = Ack.__table__  # type: ignore[attr-defined]
RECEIPTS: Table = Receipt.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Known:
    """An event of the book with what the store says about it."""

    event: NoticeEvent
    posted: Posted | None = None  # for a post


class Memberships:
    """Who was in a group at a moment: bots and people who opted out left out. Lives for one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._spans: dict[int, list[tuple[int, int | None, int | None]]] = {}
        self._steady: dict[int, frozenset[int]] = {}
        self._units: dict[int, str] = {}

    def at(self, group_id: int, sent_ms: int) -> frozenset[int]:
        """Return the people of a group at a moment."""
        spans = self._spans.get(group_id)
        if spans is None:
            spans = self._load(group_id)
        if group_id in self._steady:
            return self._steady[group_id]
        return frozenset(
            person
            for person, joined, left in spans
            if (joined is None or joined <= sent_ms) and (left is None or left > sent_ms)
        )

    def unit(self, group_id: int) -> str:
        """Return the unit that runs a group; empty when nobody registered it."""
        if group_id not in self._units:
            row = self._session.get(Group, group_id)
            self._units[group_id] = row.unit if row else ""
        return self._units[group_id]

    def _load(self, group_id: int) -> list[tuple[int, int | None, int | None]]:
        statement = (
            select(col(Member.person_id), col(Member.joined_at), col(Member.left_at))
            .join(Person, col(Person.id) == col(Member.person_id))
            .where(
                col(Member.group_id) == group_id,
                col(Person.is_bot).is_(False),
                col(Person.opted_out).is_(False),
            )
        )
        spans = [
            (person, to_ms(joined) if joined else None, to_ms(left) if left else None)
            for person, joined, left in self._session.execute(statement)
        ]
        self._spans[group_id] = spans
        if all(joined is None and left is None for _, joined, left in spans):
            # One object for all posts: a county's book holds a hundred thousand of them.
            self._steady[group_id] = frozenset(person for person, _, _ in spans)
        return spans


def load(session: Session, since_ms: int, after_id: int = 0) -> Iterator[Known]:
    """Yield stored posts, receipts and lists in time order; recalled ones left out."""
    people = Memberships(session)
    posts = _posts(session, people, since_ms, after_id)
    acks = _acks(session, since_ms, after_id)
    yield from _merge(posts, acks)


def _merge(left: Iterator[Known], right: Iterator[Known]) -> Iterator[Known]:

    yield from heapq.merge(left, right, key=lambda known: (known.event.sent_at, known.event.key))


def _posts(session: Session, people: Memberships, since_ms: int, after_id: int) -> Iterator[Known]:
    statement = (
        select(NoticePost, col(MessageRow.labels), col(MessageRow.flags))
        .join(MessageRow, col(MessageRow.id) == col(NoticePost.message_id))
        .where(col(NoticePost.sent_ms) >= since_ms, col(NoticePost.message_id) > after_id)
        .order_by(col(NoticePost.sent_ms), col(NoticePost.message_id))
    )
    rows = session.execute(statement, execution_options={"yield_per": 1000})
    for chunk in rows.partitions():
        mentions: dict[int, set[int]] = defaultdict(set)
        ids = [row[0].message_id for row in chunk]
        for start in range(0, len(ids), 500):
            named = select(col(Mention.message_id), col(Mention.person_id)).where(
                col(Mention.message_id).in_(ids[start : start + 500])
            )
            for message_id, person_id in session.execute(named):
                mentions[message_id].add(person_id)
        for row, labels, flags in chunk:
            if flags & MessageFlag.RECALLED:
                continue
            post = Post(
                key=row.message_id,
                group=row.group_id,
                unit=people.unit(row.group_id),
                sender=row.person_id,
                sent_at=from_ms(row.sent_ms),
                labels=from_bits(labels),
                emergency=bool(flags & MessageFlag.EMERGENCY),
                features=unpack(row.features),
                mentions=frozenset(mentions[row.message_id]),
                members=people.at(row.group_id, row.sent_ms),
            )
            posted = Posted(row.message_id, row.notice_id, Relation(row.relation), row.of_id)
            session.expunge(row)
            yield Known(post, posted)


def _acks(session: Session, since_ms: int, after_id: int) -> Iterator[Known]:
    statement = (
        select(Ack)
        .join(MessageRow, col(MessageRow.id) == col(Ack.message_id))
        .where(
            col(Ack.sent_ms) >= since_ms,
            col(Ack.message_id) > after_id,
            col(MessageRow.flags).op("&")(int(MessageFlag.RECALLED)) == 0,
        )
        .order_by(col(Ack.sent_ms), col(Ack.message_id), col(Ack.person_id))
    )
    pending: list[Ack] = []
    for row in session.execute(statement, execution_options={"yield_per": 2000}).scalars():
        session.expunge(row)
        if pending and pending[0].message_id != row.message_id:
            yield Known(_event(pending))
            pending = []
        pending.append(row)
    if pending:
        yield Known(_event(pending))


def _event(rows: Sequence[Ack]) -> AckEvent | Chain:
    first = rows[0]
    if first.source == "chain":
        names = frozenset(row.person_id for row in rows)
        return Chain(
            first.message_id, first.group_id, first.person_id, from_ms(first.sent_ms), names, first.quoted_id
        )
    return AckEvent(
        first.message_id, first.group_id, first.person_id, from_ms(first.sent_ms), first.quoted_id
    )


def write(session: Session, outcomes: Iterable[tuple[NoticeEvent, Outcome]]) -> None:
    """Write what the book said to the rows of its posts and receipts."""
    posts: list[dict[str, Any]] = []
    acks: list[dict[str, Any]] = []
    receipts: list[dict[str, Any]] = []
    closed: list[dict[str, Any]] = []
    for event, outcome in outcomes:
        if isinstance(outcome, Posted) and isinstance(event, Post):
            posts.append(_post_values(event, outcome))
            if outcome.relation in {Relation.CANCEL, Relation.VERSION} and outcome.of is not None:
                closed.append({"b_notice": outcome.of, "b_by": event.key})
        elif isinstance(outcome, Acked) and isinstance(event, AckEvent):
            acks.append(_ack_values(event.key, event.person, outcome.notice, outcome.kind.value))
            if outcome.notice is not None and outcome.kind in {AckKind.FIRST, AckKind.UNASKED}:
                receipts.append(_receipt_values(outcome.notice, event.person, event))
        elif isinstance(outcome, Chained) and isinstance(event, Chain):
            for person in event.names:
                kind = "first" if person in outcome.first else "known"
                acks.append(
                    _ack_values(event.key, person, outcome.notice, kind if outcome.notice else "none")
                )
                if outcome.notice is not None and person in outcome.first:
                    receipts.append(_receipt_values(outcome.notice, person, event))
    connection = session.connection()
    if posts:
        names = [name for name in posts[0] if not name.startswith("b_")]
        statement = update(POSTS).where(POSTS.c.message_id == bindparam("b_id"))
        connection.execute(statement.values({name: bindparam(name) for name in names}), posts)
    if closed:
        statement = update(POSTS).where(POSTS.c.notice_id == bindparam("b_notice"))
        connection.execute(statement.values(closed_by=bindparam("b_by")), closed)
    if acks:
        statement = update(ACKS).where(
            ACKS.c.message_id == bindparam("b_id"), ACKS.c.person_id == bindparam("b_person")
        )
        connection.execute(statement.values(notice_id=bindparam("notice"), outcome=bindparam("kind")), acks)
    if receipts:
        connection.execute(RECEIPTS.insert(), receipts)


def _post_values(post: Post, posted: Posted) -> dict[str, Any]:
    found = posted.redundancy
    return {
        "b_id": post.key,
        "notice_id": posted.notice,
        "relation": posted.relation.value,
        "of_id": posted.of,
        "why": posted.why,
        "asked": len(asked(post)),
        "redundant": found is not None,
        "redundancy": None
        if found is None
        else {
            "earlier": list(found.earlier),
            "overlap": found.overlap,
            "total": found.total,
            "acknowledged": sorted(found.acknowledged),
            "rule": found.rule,
        },
        "multiple_of": posted.multiple.earlier if posted.multiple else None,
    }


def _ack_values(key: int, person: int, notice: int | None, kind: str) -> dict[str, Any]:
    return {"b_id": key, "b_person": person, "notice": notice, "kind": kind}


def _receipt_values(notice: int, person: int, event: AckEvent | Chain) -> dict[str, Any]:
    return {
        "notice_id": notice,
        "person_id": person,
        "message_id": event.key,
        "group_id": event.group,
        "at": event.sent_at,
    }
