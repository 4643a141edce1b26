"""Follows notices: the shell between the pure book and its rows; one instance per process."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select, update
from sqlmodel import Session, col

from bot.events import Label, Message, MessageKind
from bot.notices.book import NoticeBook, take
from bot.notices.chains import match_chain
from bot.notices.features import extract, pack
from bot.notices.records import NoticeEvent, Outcome, Post, Posted, Relation
from bot.notices.settings import NoticeSettings
from bot.store import followrows
from bot.store.followrows import ACKS, POSTS, Known, Memberships
from bot.store.identities import chunks
from bot.store.recorder import MESSAGES, TEXTS, Stored
from bot.store.tables import Member, Mention, NoticePost, PersonName, Receipt
from bot.store.types import to_ms
from bot.store.vault import Vault

NOT_CARRYING = frozenset({Label.ACK, Label.SUPPLY})
PATIENCE = timedelta(minutes=10)  # later than this, a late post is always replayed in its place
MARGIN = timedelta(days=1)


class Follower:
    """Enters posts and receipts of recorded messages and keeps what they mean up to date."""

    def __init__(self, settings: NoticeSettings, vault: Vault, zone: ZoneInfo) -> None:
        self._settings = settings
        self._vault = vault
        self._zone = zone
        self._book: NoticeBook | None = None
        self._last_id = 0
        self._tails: dict[int, datetime] = {}
        self._entered: dict[int, Post] = {}

    @property
    def horizon(self) -> timedelta:
        """How far back a post can matter to another."""
        return max(self._settings.material_window, self._settings.repeat_window) + MARGIN

    @property
    def item_key(self) -> bytes:
        """The key that features are made with; others cannot be compared with these."""
        return self._vault.item_key

    def reset(self) -> None:
        """Forget everything read, after a rollback; the next use reads it again."""
        self._book = None
        self._entered.clear()

    def book(self, session: Session) -> NoticeBook:
        """Return the book as the store has it."""
        if self._book is None:
            self._restore(session)
        if self._book is None:
            raise RuntimeError("the book was not restored")
        return self._book

    def enter(self, session: Session, stored: Sequence[Stored]) -> bool:
        """Make rows of the messages that carry a notice or are receipts; true when there are any."""
        self.book(session)
        posts, acks = [], []
        people = Memberships(session)
        mentioned = _mentioned(session, [item.id for item in stored if item.draft.message.mentions])
        for item in stored:
            labels = item.draft.classification.labels
            message = item.draft.message
            if message.own or message.sender.is_bot or message.kind == MessageKind.SYSTEM:
                continue
            chain = self._chain(session, item)
            if labels - NOT_CARRYING and not (chain and len(chain) > 1):
                post = self._post(item, people, mentioned.get(item.id, frozenset()))
                self._entered[item.id] = post
                posts.append(
                    {
                        "message_id": item.id,
                        "group_id": item.group_id,
                        "person_id": item.person_id,
                        "sent_ms": to_ms(message.sent_at),
                        "notice_id": item.id,
                        "relation": Relation.NEW.value,
                        "due_at": post.features.due,
                        "features": pack(post.features, self.item_key),
                        "why": "",
                        "asked": 0,
                        "redundant": False,
                    }
                )
            persons = chain or ([item.person_id] if Label.ACK in labels else [])
            quoted = self._quoted(session, item) if persons else None
            acks += [
                {
                    "message_id": item.id,
                    "person_id": person_id,
                    "group_id": item.group_id,
                    "sent_ms": to_ms(message.sent_at),
                    "quoted_id": quoted,
                    "outcome": "none",
                    "source": "chain" if chain else "ack",
                }
                for person_id in persons
            ]
        connection = session.connection()
        if posts:
            connection.execute(POSTS.insert(), posts)
        if acks:
            connection.execute(ACKS.insert(), acks)
        return bool(posts or acks)

    def follow(self, session: Session) -> dict[int, Posted]:
        """Take in what was entered since the last time, here or by other processes; return what the posts are."""
        book = self.book(session)
        fresh = list(followrows.load(session, 0, self._last_id))
        if not fresh:
            return {}
        late = min((known.event.sent_at for known in fresh if self._is_late(known.event)), default=None)
        if late is not None:
            return self.rebuild(session, late)
        outcomes: list[tuple[NoticeEvent, Outcome]] = []
        for known in fresh:
            event = (
                self._entered.pop(known.event.key, known.event)
                if isinstance(known.event, Post)
                else known.event
            )
            outcome = take(book, event)
            if isinstance(outcome, Posted) and self._came_before(book, event, outcome):
                return self.rebuild(session, event.sent_at)
            outcomes.append((event, outcome))
            self._tails[event.group] = max(self._tails.get(event.group, event.sent_at), event.sent_at)
            self._last_id = max(self._last_id, event.key)
        followrows.write(session, outcomes)
        newest = max(known.event.sent_at for known in fresh)
        book.forget(newest - self.horizon)
        return {outcome.key: outcome for _, outcome in outcomes if isinstance(outcome, Posted)}

    def rebuild(self, session: Session, since: datetime) -> dict[int, Posted]:
        """Replay everything from a moment on in time order; return what the posts from then on are."""
        since_ms = to_ms(since)
        self._clear(session, since_ms)
        book = self._book = NoticeBook(self._settings)
        self._tails.clear()
        self._entered.clear()
        pending: list[tuple[NoticeEvent, Outcome]] = []
        results: dict[int, Posted] = {}
        forgotten = since
        for known in followrows.load(session, to_ms(since - self.horizon)):
            event = known.event
            if event.sent_at < since:
                self._replay_known(book, known)
                continue
            outcome = take(book, event)
            pending.append((event, outcome))
            if isinstance(outcome, Posted):
                results[outcome.key] = outcome
            self._tails[event.group] = event.sent_at
            if event.sent_at - forgotten > MARGIN:
                book.forget(event.sent_at - self.horizon)
                forgotten = event.sent_at
            if len(pending) >= 2000:
                followrows.write(session, pending)
                pending = []
        followrows.write(session, pending)
        self._last_id = self._newest_id(session)
        return results

    def _restore(self, session: Session) -> None:
        newest = session.execute(select(func.max(POSTS.c.sent_ms))).scalar()
        book = self._book = NoticeBook(self._settings)
        self._tails.clear()
        self._last_id = self._newest_id(session)
        if newest is not None:
            horizon_ms = round(self.horizon.total_seconds() * 1000)
            for known in followrows.load(session, newest - horizon_ms):
                self._replay_known(book, known)
                self._tails[known.event.group] = known.event.sent_at

    @staticmethod
    def _replay_known(book: NoticeBook, known: Known) -> None:
        if isinstance(known.event, Post) and known.posted is not None:
            book.restore(known.event, known.posted)
        else:
            take(book, known.event)

    def _newest_id(self, session: Session) -> int:
        return max(
            session.execute(select(func.max(POSTS.c.message_id))).scalar() or 0,
            session.execute(select(func.max(ACKS.c.message_id))).scalar() or 0,
        )

    def _clear(self, session: Session, since_ms: int) -> None:
        after = select(POSTS.c.message_id).where(POSTS.c.sent_ms >= since_ms)
        session.execute(update(NoticePost).where(col(NoticePost.closed_by).in_(after)).values(closed_by=None))
        session.execute(
            delete(Receipt).where(col(Receipt.at) >= datetime.fromtimestamp(since_ms / 1000, UTC))
        )

    def _is_late(self, event: NoticeEvent) -> bool:
        tail = self._tails.get(event.group)
        newest = max(self._tails.values(), default=None)
        if newest is None:
            return False
        return (tail is not None and event.sent_at < tail) or newest - event.sent_at > PATIENCE

    @staticmethod
    def _came_before(book: NoticeBook, event: NoticeEvent, posted: Posted) -> bool:
        if posted.relation is Relation.NEW:
            return False
        related = posted.of if posted.of is not None else posted.notice
        if book.notice_of(related) is None:
            return False
        later = any(post.sent_at > event.sent_at for post in book.posts(related))
        return later or any(receipt.sent_at > event.sent_at for receipt in book.receipts(related).values())

    def _post(self, item: Stored, people: Memberships, mentions: frozenset[int]) -> Post:
        message = item.draft.message
        labels = item.draft.classification.labels
        text = "" if item.draft.secret else carried_text(message)
        return Post(
            key=item.id,
            group=item.group_id,
            unit=people.unit(item.group_id),
            sender=item.person_id,
            sent_at=message.sent_at,
            labels=labels,
            emergency=item.draft.classification.emergency,
            features=extract(text, message.sent_at, self._zone, labels, self.item_key),
            mentions=mentions,
            members=people.at(item.group_id, to_ms(message.sent_at)),
        )

    def _chain(self, session: Session, item: Stored) -> list[int]:
        message = item.draft.message
        if message.kind != MessageKind.CHAIN and not (
            Label.ACK in item.draft.classification.labels and "\n" in message.text
        ):
            return []
        statement = (
            select(col(PersonName.person_id), col(PersonName.name))
            .join(Member, col(Member.person_id) == col(PersonName.person_id))
            .where(col(Member.group_id) == item.group_id)
        )
        names = {person_id: (name,) for person_id, name in session.execute(statement)}
        matched, _ = match_chain(message.text, names)
        return sorted(matched)

    def _quoted(self, session: Session, item: Stored) -> int | None:
        quote = item.draft.message.quote
        if quote is None:
            return None
        if quote.message_id:
            statement = select(MESSAGES.c.id).where(
                MESSAGES.c.group_id == item.group_id, MESSAGES.c.native_id == quote.message_id
            )
            return session.execute(statement).scalar()
        wanted = "".join(quote.text.split())
        if not wanted:
            return None
        since = to_ms(item.draft.message.sent_at - self._settings.material_window)
        recent = (
            select(MESSAGES.c.id, TEXTS.c.text)
            .join(TEXTS, TEXTS.c.message_id == MESSAGES.c.id)
            .where(
                MESSAGES.c.group_id == item.group_id,
                MESSAGES.c.sent_ms >= since,
                MESSAGES.c.sent_ms <= to_ms(item.draft.message.sent_at),
            )
            .order_by(MESSAGES.c.sent_ms.desc())
        )
        # Platforms cut long quotes short, so the beginning is compared.
        for message_id, text in session.execute(recent):
            if "".join(text.split()).startswith(wanted.rstrip("…").rstrip(".")):
                return int(message_id)
        return None


def _mentioned(session: Session, message_ids: list[int]) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = {}
    for chunk in chunks(message_ids):
        statement = select(col(Mention.message_id), col(Mention.person_id)).where(
            col(Mention.message_id).in_(chunk)
        )
        for message_id, person_id in session.execute(statement):
            found.setdefault(message_id, set()).add(person_id)
    return {message_id: frozenset(people) for message_id, people in found.items()}


def carried_text(message: Message) -> str:
    """Return the words that a notice is carried in: the text, or a file's name."""
    return message.text or message.file_name
