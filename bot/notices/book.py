"""The book of notices: which posts are one notice, who has acknowledged it, which roll-calls are redundant.

A pure state machine: it decides by what it is given, asks no clock and keeps nothing readable. Restored by
giving it the stored posts and receipts again in time order.
"""

from collections.abc import Iterable
from datetime import datetime

from bot.notices.compare import Verdict, same
from bot.notices.receipts import ReceiptDesk
from bot.notices.records import (
    Ack,
    Acked,
    Chain,
    Chained,
    NoticeEvent,
    Outcome,
    Post,
    Posted,
    Receipt,
    Redundancy,
    Relation,
)
from bot.notices.redundancy import redundancy
from bot.notices.relating import relate
from bot.notices.settings import NoticeSettings
from bot.notices.shelf import Shelf
from bot.notices.slots import Features
from bot.notices.state import NoticeState, in_time

_CLOSING = frozenset((Relation.CANCEL, Relation.VERSION))


class NoticeBook:
    """Follows notices over groups; give it every post, receipt and 接龙 list, best in time order."""

    def __init__(self, settings: NoticeSettings | None = None) -> None:
        self._settings = settings or NoticeSettings()
        self._shelf = Shelf()
        self._desk = ReceiptDesk(self._shelf, self._settings)
        self._posted: dict[int, Posted] = {}

    def post(self, post: Post) -> Posted:
        """Take a post in and say what it is; a post that is known already gives the same answer again.

        A repeat joins its notice, also one that was called off or replaced: that stays closed. A changed or
        cancelling post begins a notice of its own and closes the earlier one; a recurrence only names it.
        """
        known = self._posted.get(post.key)
        if known is not None:
            return known
        found = relate(post, self._shelf, self._settings)
        repeated = found.of if found.relation is Relation.REPEAT else None
        state = repeated or self._shelf.open(post.key)
        posted = Posted(
            key=post.key,
            notice=state.key,
            relation=found.relation,
            of=found.of.key if found.of else None,
            why=found.why,
            redundancy=self._redundancy(post, state),
            multiple=found.multiple,
        )
        self._take(post, posted, state, found.of)
        return posted

    def restore(self, post: Post, posted: Posted) -> None:
        """Take in a stored post whose outcome is known, without searching; in time order."""
        self._take(post, posted, self._shelf.open(posted.notice), self._shelf.get(posted.of))

    def _take(self, post: Post, posted: Posted, state: NoticeState, of: NoticeState | None) -> None:
        if of is not None and posted.relation in _CLOSING:
            of.closed_by = post.key
        self._shelf.put(post, state)
        self._posted[post.key] = posted

    def _redundancy(self, post: Post, state: NoticeState) -> Redundancy | None:
        if not state.is_open or state.changes:
            return None
        earlier = [q for q in state.posts if in_time(q) < in_time(post)]
        return redundancy(post, earlier, state.receipts, self._settings.share)

    def ack(self, ack: Ack) -> Acked:
        """Take a receipt in and say what it was worth.

        With a quote it counts for the quoted notice. Without one it counts for the newest open notice of the
        group that asked this person for a reply and has none, posted at most `ack_hours` earlier. When no
        question is open, the newest notice of that time is what the person meant: repeated when acknowledged
        before, else unasked. Nothing posted in that time: none, for it answers ordinary talk.
        A quote of something that is no notice is unasked; of a notice called off or replaced, none.
        """
        return self._desk.ack(ack)

    def chain(self, chain: Chain) -> Chained:
        """Take a 接龙 list in: the newly named are its receipts, those named before are no repetition.

        A list that continues an earlier one of the group belongs to the same notice, whatever was posted since;
        a new one to the quoted notice, else to the newest open one of the group that asked for a reply.
        """
        return self._desk.chain(chain)

    def notice_of(self, post: int) -> int | None:
        """Return the notice that a post carries; None for an unknown or forgotten post."""
        return self._shelf.notice_of(post)

    def posts(self, notice: int) -> tuple[Post, ...]:
        """Return a notice's posts in time order."""
        return tuple(self._shelf.notice(notice).posts)

    def receipts(self, notice: int) -> dict[int, Receipt]:
        """Return a notice's receipts by person, over all groups."""
        return dict(self._shelf.notice(notice).receipts)

    def asked(self, notice: int) -> frozenset[int]:
        """Return everybody whom a notice's roll-calls asked, over all groups."""
        return self._shelf.notice(notice).asked()

    def is_open(self, notice: int) -> bool:
        """Tell whether a notice stands: neither called off nor replaced by a changed one."""
        return self._shelf.notice(notice).is_open

    def replies_avoided(self, post: int) -> frozenset[int]:
        """Return who had acknowledged before a redundant post and did not answer it: counted, not estimated."""
        if self._posted[post].redundancy is None:
            return frozenset()
        return self._shelf.carried_by(post).replies_avoided(self._shelf.post(post))

    def search(self, features: Features) -> list[tuple[Post, Verdict]]:
        """Find the posts that carry what a text asks, best first, without taking it in; for 查重."""
        found = [(other, same(other.features, features)) for other in self._shelf.like(features)]
        return sorted(
            ((other, v) for other, v in found if v.same or v.series or v.material or v.version),
            key=lambda pair: (-pair[1].score, pair[0].key),
        )

    def forget(self, before: datetime) -> None:
        """Drop every post older than a moment, and with its last post the notice and its receipts."""
        for key in self._shelf.forget(before):
            self._posted.pop(key, None)
        self._desk.forget(before)


def replay(events: Iterable[NoticeEvent], settings: NoticeSettings | None = None) -> list[Outcome]:
    """Give a new book all events in time order, whatever order they come in; outcomes in that order."""
    book = NoticeBook(settings)
    return [take(book, event) for event in sorted(events, key=lambda e: (e.sent_at, e.key))]


def take(book: NoticeBook, event: NoticeEvent) -> Outcome:
    """Give a book one event of any kind."""
    if isinstance(event, Post):
        return book.post(event)
    if isinstance(event, Ack):
        return book.ack(event)
    return book.chain(event)
