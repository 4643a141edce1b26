"""Reads the figures of a period: daily counts for what adds up, posts and receipts for what does not."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlmodel import Session, col

from bot.period import Period
from bot.reports.figures import AckFact, Burden, PostFact, combine, from_posts
from bot.store.labels import BITS, MessageFlag, counts_of, from_bits
from bot.store.tables import Ack, DailyCount, Member, Mention, MessageRow, NoticePost, Person

EXCLUDED = int(MessageFlag.RECALLED | MessageFlag.OWN | MessageFlag.BOT | MessageFlag.SYSTEM)


class FiguresReader:
    """Figures of persons, groups and the county, within one session."""

    def __init__(self, session: Session, zone: ZoneInfo) -> None:
        self._session = session
        self._zone = zone

    def group(self, group_id: int, period: Period) -> Burden:
        """Return one group's burden."""
        return self.groups(period, {group_id}).get(group_id, Burden())

    def groups(self, period: Period, only: Collection[int] | None = None) -> dict[int, Burden]:
        """Return the burden of each group that had anything in the period."""
        counts = self._counts(period, only)
        posts = _by_group(self.posts(period, only))
        acks = _by_group(self.acks(period, only))
        wanted = set(counts) | set(posts) | set(acks)
        return {
            group_id: combine(counts.get(group_id, {}), from_posts(posts[group_id], acks[group_id]))
            for group_id in wanted
        }

    def total(self, period: Period, only: Collection[int] | None = None) -> Burden:
        """Return the burden over groups; a notice in five groups is one distinct notice."""
        counts: Counter[str] = Counter()
        for of_group in self._counts(period, only).values():
            counts.update(of_group)
        return combine(counts, from_posts(self.posts(period, only), self.acks(period, only)))

    def person(self, person_id: int, period: Period) -> Burden:
        """Return one person's burden over all groups: what others asked of them, and what they answered."""
        counts: Counter[str] = Counter()
        own = self._own(person_id, period)
        groups: dict[int, tuple[int, int]] = {}
        begin, end = period.bounds_ms(self._zone)
        for member in self._session.execute(
            select(Member).where(col(Member.person_id) == person_id)
        ).scalars():
            since = max(begin, round(member.joined_at.timestamp() * 1000)) if member.joined_at else begin
            until = min(end, round(member.left_at.timestamp() * 1000)) if member.left_at else end
            if since < until:
                groups[member.group_id] = (since, until)
        whole = {group_id for group_id, span in groups.items() if span == (begin, end)}
        for of_group in self._counts(period, whole).values():
            counts.update(of_group)
        for group_id, span in groups.items():
            if group_id not in whole:
                counts.update(self._scan(group_id, span))
        for name, number in own.items():
            counts[name] -= number
        posts = [
            post
            for post in self.posts(period, groups, asked_of=person_id)
            if groups[post.group_id][0] <= post.sent_ms < groups[post.group_id][1]
        ]
        acks = [ack for ack in self.acks(period, groups) if ack.person_id == person_id]
        posts = [replace(post, acknowledged=post.acknowledged & {person_id}) for post in posts]
        asked = _asked_of_one(posts)
        for name in ("receipts", "supplies", "photos"):
            asked[name] = own[name]
        asked["mentions"] = self._mentions(person_id, period)
        for name in ("messages", "meetings", "rankings", "emergencies", "bot_messages", "mentions_all"):
            asked[name] = max(counts[name], 0)
        derived = from_posts(posts, acks)
        derived["replies_demanded"] = asked["rollcalls"]
        return combine(asked, derived)

    def posts(
        self, period: Period, only: Collection[int] | None = None, asked_of: int | None = None
    ) -> list[PostFact]:
        """Return the posts of notices in a period; `asked_of` leaves out that person's own and those that name others."""
        begin, end = period.bounds_ms(self._zone)
        statement = (
            select(NoticePost, col(MessageRow.labels), col(MessageRow.flags))
            .join(MessageRow, col(MessageRow.id) == col(NoticePost.message_id))
            .where(col(NoticePost.sent_ms) >= begin, col(NoticePost.sent_ms) < end)
        )
        if only is not None:
            statement = statement.where(col(NoticePost.group_id).in_(only))
        rows = [row for row in self._session.execute(statement) if not row[2] & EXCLUDED]
        named: dict[int, set[int]] = defaultdict(set)
        if asked_of is not None:
            mentions = (
                select(col(Mention.message_id), col(Mention.person_id))
                .join(NoticePost, col(NoticePost.message_id) == col(Mention.message_id))
                .where(col(NoticePost.sent_ms) >= begin, col(NoticePost.sent_ms) < end)
            )
            for message_id, person_id in self._session.execute(mentions):
                named[message_id].add(person_id)
        return [
            _fact(row, labels, flags)
            for row, labels, flags in rows
            if asked_of is None
            or (
                row.person_id != asked_of and (not named[row.message_id] or asked_of in named[row.message_id])
            )
        ]

    def acks(self, period: Period, only: Collection[int] | None = None) -> list[AckFact]:
        """Return the receipts given in a period."""
        begin, end = period.bounds_ms(self._zone)
        statement = select(Ack).where(col(Ack.sent_ms) >= begin, col(Ack.sent_ms) < end)
        if only is not None:
            statement = statement.where(col(Ack.group_id).in_(only))
        rows = self._session.execute(statement).scalars()
        return [AckFact(row.group_id, row.person_id, row.notice_id, row.sent_ms, row.outcome) for row in rows]

    def member_counts(self) -> dict[int, int]:
        """Return how many people each group has, bots left out."""
        statement = (
            select(col(Member.group_id), func.count())
            .join(Person, col(Person.id) == col(Member.person_id))
            .where(col(Member.left_at).is_(None), col(Person.is_bot).is_(False))
            .group_by(col(Member.group_id))
        )
        return {row[0]: row[1] for row in self._session.execute(statement)}

    def weeks_recorded(self, group_id: int) -> Period | None:
        """Return the first and last day with anything recorded in a group."""
        statement = select(func.min(DailyCount.day), func.max(DailyCount.day)).where(
            col(DailyCount.group_id) == group_id
        )
        first, last = self._session.execute(statement).one()
        return Period(first, last) if first else None

    def _counts(self, period: Period, only: Collection[int] | None) -> dict[int, Counter[str]]:
        statement = (
            select(col(DailyCount.group_id), col(DailyCount.kind), func.sum(DailyCount.count))
            .where(col(DailyCount.day) >= period.begin, col(DailyCount.day) <= period.end)
            .group_by(col(DailyCount.group_id), col(DailyCount.kind))
        )
        if only is not None:
            statement = statement.where(col(DailyCount.group_id).in_(only))
        found: dict[int, Counter[str]] = defaultdict(Counter)
        for group_id, kind, count in self._session.execute(statement):
            found[group_id][kind] = int(count)
        return found

    def _own(self, person_id: int, period: Period) -> Counter[str]:
        begin, end = period.bounds_ms(self._zone)
        statement = select(col(MessageRow.labels), col(MessageRow.flags), col(MessageRow.kind)).where(
            col(MessageRow.person_id) == person_id,
            col(MessageRow.sent_ms) >= begin,
            col(MessageRow.sent_ms) < end,
        )
        return _tally(self._session.execute(statement))

    def _scan(self, group_id: int, span: tuple[int, int]) -> Counter[str]:
        statement = select(col(MessageRow.labels), col(MessageRow.flags), col(MessageRow.kind)).where(
            col(MessageRow.group_id) == group_id,
            col(MessageRow.sent_ms) >= span[0],
            col(MessageRow.sent_ms) < span[1],
        )
        return _tally(self._session.execute(statement))

    def _mentions(self, person_id: int, period: Period) -> int:
        begin, end = period.bounds_ms(self._zone)
        statement = (
            select(func.count())
            .select_from(Mention)
            .join(MessageRow, col(MessageRow.id) == col(Mention.message_id))
            .where(
                col(Mention.person_id) == person_id,
                col(MessageRow.sent_ms) >= begin,
                col(MessageRow.sent_ms) < end,
            )
        )
        return int(self._session.execute(statement).scalar_one())


def _fact(row: NoticePost, labels: int, flags: int) -> PostFact:
    return PostFact(
        message_id=row.message_id,
        notice_id=row.notice_id,
        group_id=row.group_id,
        person_id=row.person_id,
        sent_ms=row.sent_ms,
        labels=from_bits(labels),
        emergency=bool(flags & MessageFlag.EMERGENCY),
        off_hours=bool(flags & MessageFlag.OFF_HOURS),
        asked=row.asked,
        redundant=row.redundant,
        acknowledged=frozenset((row.redundancy or {}).get("acknowledged", ())),
        multiple_of=row.multiple_of,
    )


def _by_group(facts: Iterable[PostFact] | Iterable[AckFact]) -> dict[int, list]:  # type: ignore[type-arg]
    found: dict[int, list] = defaultdict(list)  # type: ignore[type-arg]
    for fact in facts:
        found[fact.group_id].append(fact)
    return found


def _tally(rows: Iterable[Any]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for labels, flags, kind in rows:
        counts.update(counts_of(labels, flags, kind))
    return counts


def _asked_of_one(posts: Iterable[PostFact]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for post in posts:
        if post.emergency:
            continue
        bits = sum(BITS[label] for label in post.labels if label.is_demand)
        counts.update(name for name in counts_of(bits, 0, "") if name != "messages")
        if bits and post.off_hours:
            counts["off_hours_demands"] += 1
    return counts
