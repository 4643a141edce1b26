"""What plugins may ask about notices: who was asked, who has acknowledged, what is still open."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select
from sqlmodel import Session, col

from bot.events import Label
from bot.notices.features import extract
from bot.store.follow import Follower
from bot.store.followrows import Memberships
from bot.store.identities import chunks
from bot.store.labels import DEMAND_BITS, MessageFlag, from_bits
from bot.store.tables import Mention, MessageRow, MessageText, NoticePost, Receipt, TodoDone
from bot.store.tables_work import Decision
from bot.store.types import from_ms, to_ms

UNDATED_DAYS = 7  # how long a demand without a deadline stays on a to-do list
LEAST_TITLE = 4  # characters
OVERDUE_DAYS = 2  # how long one with a deadline stays after it


@dataclass(frozen=True, slots=True)
class PostView:
    """A post as plugins see it."""

    message_id: int
    notice_id: int
    group_id: int
    person_id: int
    sent_at: datetime
    labels: frozenset[Label]
    emergency: bool
    due_at: datetime | None
    title: str
    relation: str
    redundant: bool
    multiple_of: int | None


@dataclass(frozen=True, slots=True)
class NoticeView:
    """A notice over all its groups."""

    id: int
    posts: tuple[PostView, ...]
    asked: frozenset[int]
    acknowledged: frozenset[int]

    @property
    def title(self) -> str:
        """What it is called in lists."""
        return next((post.title for post in self.posts if post.title), "（内容未保存）")

    @property
    def due_at(self) -> datetime | None:
        """The deadline that stands: the newest post's that names one."""
        return next((post.due_at for post in reversed(self.posts) if post.due_at), None)

    @property
    def labels(self) -> frozenset[Label]:
        """What it demands, over all posts."""
        return frozenset().union(*(post.labels for post in self.posts))

    @property
    def groups(self) -> frozenset[int]:
        """Where it was posted."""
        return frozenset(post.group_id for post in self.posts)

    @property
    def missing(self) -> frozenset[int]:
        """Who was asked and has not acknowledged."""
        return self.asked - self.acknowledged


def titled(text: str, sent_at: datetime, zone: ZoneInfo) -> str:
    """Return what a notice is called in lists: its subject, or how it begins where that says too little."""
    hint = extract(text, sent_at, zone).subject_hint
    return hint if len(hint) >= LEAST_TITLE else " ".join(text.split())[:20]


@dataclass(frozen=True, slots=True)
class Multiple:
    """The same material demanded twice: the later post and the earlier one."""

    later: PostView
    earlier: PostView


class NoticeReader:
    """Reads notices within one session."""

    def __init__(self, session: Session, now: datetime, zone: ZoneInfo, follower: Follower) -> None:
        self._session = session
        self._now = now
        self._zone = zone
        self._follower = follower

    def of_message(self, message_id: int) -> int | None:
        """Return the notice that a message carries or acknowledges."""
        return self._session.execute(
            select(col(NoticePost.notice_id)).where(col(NoticePost.message_id) == message_id)
        ).scalar()

    def notice(self, notice_id: int) -> NoticeView:
        """Return a notice with everybody whom its roll-calls asked."""
        posts = self._posts(col(NoticePost.notice_id) == notice_id)
        people = Memberships(self._session)
        asked: set[int] = set()
        named = self._named([post.message_id for post in posts])
        for post in posts:
            if Label.ROLLCALL_DEMAND in post.labels:
                some = named.get(post.message_id) or people.at(post.group_id, to_ms(post.sent_at))
                asked |= set(some) - {post.person_id}
        receipts = select(col(Receipt.person_id)).where(col(Receipt.notice_id) == notice_id)
        acknowledged = frozenset(self._session.execute(receipts).scalars())
        asked -= {post.person_id for post in posts}  # who passes a notice on has received it
        return NoticeView(notice_id, tuple(posts), frozenset(asked), acknowledged)

    def rollcalls_by(self, person_id: int, limit: int = 9) -> list[NoticeView]:
        """Return the newest notices that a person posted with a roll-call."""
        return self._recent(limit, col(NoticePost.person_id) == person_id)

    def rollcalls_in(self, group_id: int, limit: int = 9) -> list[NoticeView]:
        """Return the newest notices that were posted in a group with a roll-call."""
        return self._recent(limit, col(NoticePost.group_id) == group_id)

    def open_demands(self, person_id: int, group_ids: Collection[int]) -> list[NoticeView]:
        """Return what a person still has to do over all groups, each once, deadline first.

        A bare roll-call is done with its receipt; any other demand when the person says so (完成), or when it
        is long past its deadline.
        """
        since = self._now - timedelta(days=30)
        posts = self._posts(
            col(NoticePost.sent_ms) >= to_ms(since),
            col(NoticePost.group_id).in_(group_ids),
            col(NoticePost.closed_by).is_(None),
            col(MessageRow.labels).op("&")(DEMAND_BITS) != 0,
        )
        named = self._named([post.message_id for post in posts])
        mine = [
            post
            for post in posts
            if post.person_id != person_id and (person_id in named.get(post.message_id, {person_id}))
        ]
        done = set(
            self._session.execute(
                select(col(NoticePost.notice_id))
                .join(TodoDone, col(TodoDone.message_id) == col(NoticePost.message_id))
                .where(col(TodoDone.person_id) == person_id)
            ).scalars()
        )
        acknowledged = set(
            self._session.execute(
                select(col(Receipt.notice_id)).where(col(Receipt.person_id) == person_id)
            ).scalars()
        )
        found: dict[int, list[PostView]] = {}
        for post in mine:
            found.setdefault(post.notice_id, []).append(post)
        views = []
        for notice_id, of_notice in found.items():
            view = NoticeView(notice_id, tuple(of_notice), frozenset(), frozenset())
            bare = not any(label.is_demand and label is not Label.ROLLCALL_DEMAND for label in view.labels)
            if notice_id in done or (bare and notice_id in acknowledged) or self._is_past(view):
                continue
            views.append(view)
        far = self._now + timedelta(days=3650)
        return sorted(views, key=lambda view: (view.due_at or far, view.posts[0].sent_at))

    def search(self, text: str, group_ids: Collection[int]) -> list[tuple[PostView, str]]:
        """Return posts like a text in some groups, with why, best first."""
        features = extract(text, self._now, self._zone, frozenset(), self._follower.item_key)
        book = self._follower.book(self._session)
        found = [
            (post.key, verdict.why) for post, verdict in book.search(features) if post.group in group_ids
        ]
        views = {
            post.message_id: post
            for post in self._posts(col(NoticePost.message_id).in_([key for key, _ in found]))
        }
        return [(views[key], why) for key, why in found if key in views]

    def multiple(
        self, begin: datetime, end: datetime, group_ids: Collection[int] | None = None
    ) -> list[Multiple]:
        """Return demands for material that had been demanded by others, with both posts."""
        where = [
            col(NoticePost.multiple_of).is_not(None),
            col(NoticePost.sent_ms) >= to_ms(begin),
            col(NoticePost.sent_ms) < to_ms(end),
        ]
        if group_ids is not None:
            where.append(col(NoticePost.group_id).in_(group_ids))
        later = self._posts(*where)
        earlier = {
            post.message_id: post
            for post in self._posts(col(NoticePost.message_id).in_([post.multiple_of for post in later]))
        }
        return [Multiple(post, earlier[post.multiple_of]) for post in later if post.multiple_of in earlier]

    def decisions(self, message_id: int) -> list[tuple[str, dict[str, object]]]:
        """Return what was done about a redundant roll-call, and why."""
        rows = self._session.execute(
            select(Decision).where(col(Decision.message_id) == message_id).order_by(col(Decision.id))
        ).scalars()
        return [(row.action, row.detail) for row in rows]

    def receipts_since(self, notice_id: int, group_id: int, since: datetime) -> int:
        """Return how many acknowledged a notice in a group since a moment."""
        statement = select(col(Receipt.person_id)).where(
            col(Receipt.notice_id) == notice_id, col(Receipt.group_id) == group_id, col(Receipt.at) >= since
        )
        return len(self._session.execute(statement).all())

    def newest_receipt_notice(self, message_id: int) -> int | None:
        """Return the notice that a message is a receipt of."""
        statement = select(col(Receipt.notice_id)).where(col(Receipt.message_id) == message_id)
        return self._session.execute(statement).scalar()

    def _is_past(self, view: NoticeView) -> bool:
        if view.due_at is not None:
            return view.due_at + timedelta(days=OVERDUE_DAYS) < self._now
        return view.posts[-1].sent_at + timedelta(days=UNDATED_DAYS) < self._now

    def _recent(self, limit: int, *where: ColumnElement[bool]) -> list[NoticeView]:
        posts = self._posts(*where, col(NoticePost.asked) > 0)
        ids = list(dict.fromkeys(post.notice_id for post in reversed(posts)))[:limit]
        return [self.notice(notice_id) for notice_id in ids]

    def _posts(self, *where: ColumnElement[bool]) -> list[PostView]:
        statement = (
            select(NoticePost, col(MessageRow.labels), col(MessageRow.flags), MessageText)
            .join(MessageRow, col(MessageRow.id) == col(NoticePost.message_id))
            .join(MessageText, col(MessageText.message_id) == col(NoticePost.message_id), isouter=True)
            .where(*where)
            .order_by(col(NoticePost.sent_ms), col(NoticePost.message_id))
        )
        return [
            self._view(row, labels, flags, text)
            for row, labels, flags, text in self._session.execute(statement)
            if not flags & MessageFlag.RECALLED
        ]

    def _view(self, row: NoticePost, labels: int, flags: int, text: MessageText | None) -> PostView:
        title = ""
        if text is not None and text.expires_at > self._now:
            title = titled(text.text, from_ms(row.sent_ms), self._zone)
        return PostView(
            message_id=row.message_id,
            notice_id=row.notice_id,
            group_id=row.group_id,
            person_id=row.person_id,
            sent_at=from_ms(row.sent_ms),
            labels=from_bits(labels),
            emergency=bool(flags & MessageFlag.EMERGENCY),
            due_at=row.due_at,
            title=title,
            relation=row.relation,
            redundant=row.redundant,
            multiple_of=row.multiple_of,
        )

    def _named(self, message_ids: Sequence[int]) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {}
        for chunk in chunks(list(message_ids)):
            statement = select(col(Mention.message_id), col(Mention.person_id)).where(
                col(Mention.message_id).in_(chunk)
            )
            for message_id, person_id in self._session.execute(statement):
                found.setdefault(message_id, set()).add(person_id)
        return found
