"""The book of notices: which posts are one notice, who has acknowledged it, which roll-calls are redundant.

A pure state machine: it decides by what it is given, asks no clock and keeps nothing readable. Restored by
giving it the stored posts and receipts again in time order.
"""

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import takewhile

from bot.notices.compare import Verdict, same
from bot.notices.index import NoticeIndex
from bot.notices.multiple import asks_elsewhere, demands_material, report
from bot.notices.receipts import NoticeState, post_order
from bot.notices.records import (
    Ack,
    Acked,
    AckKind,
    Chain,
    Chained,
    MultipleReporting,
    NoticeEvent,
    Outcome,
    Post,
    Posted,
    Receipt,
    Redundancy,
    Relation,
)
from bot.notices.redundancy import redundancy
from bot.notices.settings import NoticeSettings
from bot.notices.slots import Features

_PREFERENCE = (Relation.REPEAT, Relation.CANCEL, Relation.VERSION, Relation.SERIES)


class NoticeBook:
    """Follows notices over groups; give it every post, receipt and 接龙 list, best in time order."""

    def __init__(self, settings: NoticeSettings | None = None) -> None:
        self._settings = settings or NoticeSettings()
        self._index = NoticeIndex()
        self._notices: dict[int, NoticeState] = {}
        self._posted: dict[int, Posted] = {}
        self._posts: dict[int, Post] = {}
        self._notice_of: dict[int, int] = {}  # post -> notice
        self._by_group: dict[int, list[Post]] = {}
        self._acked: dict[int, Acked] = {}
        self._chains: dict[int, list[tuple[Chain, int]]] = {}  # group -> lists and their notices
        self._chained: dict[int, Chained] = {}

    # posts

    def post(self, post: Post) -> Posted:
        """Take a post in and say what it is; a post that is known already gives the same answer again."""
        known = self._posted.get(post.key)
        if known is not None:
            return known
        relation, of, why, candidates = self._relate(post)
        if relation is Relation.REPEAT and of is not None:
            state = of
        else:
            state = self._notices[post.key] = NoticeState(post.key)
        redundant = self._redundancy(post, state)
        multiple = None
        if relation in {Relation.NEW, Relation.SERIES}:
            multiple = self._multiple(post, candidates)
        if relation in {Relation.CANCEL, Relation.VERSION} and of is not None:
            of.closed_by = post.key
        self._enter(post, state)
        posted = Posted(
            key=post.key,
            notice=state.key,
            relation=relation,
            of=of.key if of else None,
            why=why,
            redundancy=redundant,
            multiple=multiple,
        )
        self._posted[post.key] = posted
        return posted

    def restore(self, post: Post, posted: Posted) -> None:
        """Take in a stored post whose outcome is known, without searching; in time order."""
        state = self._notices.get(posted.notice) or NoticeState(posted.notice)
        self._notices[state.key] = state
        if posted.relation in {Relation.CANCEL, Relation.VERSION} and posted.of in self._notices:
            self._notices[posted.of].closed_by = post.key
        self._enter(post, state)
        self._posted[post.key] = posted

    def _enter(self, post: Post, state: NoticeState) -> None:
        distinct = all(
            post.features.exact != q.features.exact or post.features.due != q.features.due
            for q in state.posts
        )
        state.add(post)
        self._posts[post.key] = post
        self._notice_of[post.key] = state.key
        insort(self._by_group.setdefault(post.group, []), post, key=post_order)
        if distinct and post.features.substance:
            self._index.add(post.key, post.features)

    def _relate(
        self, post: Post
    ) -> tuple[Relation, NoticeState | None, str, list[tuple[NoticeState, Post, Verdict]]]:
        if not post.features.substance:
            followed = self._followed_up(post)
            if followed is not None:
                return Relation.REPEAT, followed, "没有自己的内容，跟着同一发布人刚发的通知", []
        judged = list(self._judged(post))
        best: dict[Relation, tuple[float, NoticeState, str]] = {}
        for state, _, verdict in judged:
            relation = self._relation(post, state, verdict)
            if relation is not None and (relation not in best or verdict.score > best[relation][0]):
                best[relation] = (verdict.score, state, verdict.why)
        for relation in _PREFERENCE:
            if relation in best:
                _, state, why = best[relation]
                return relation, state, why, judged
        return Relation.NEW, None, "", judged

    def _relation(self, post: Post, state: NoticeState, verdict: Verdict) -> Relation | None:
        within = abs(post.sent_at - state.first.sent_at) <= self._settings.repeat_window
        later = post_order(post) > post_order(state.first)
        if verdict.same and within:
            return Relation.REPEAT
        if not later:
            return None
        if verdict.cancels and state.is_open:
            return Relation.CANCEL
        if verdict.version and state.is_open:
            return Relation.VERSION
        if verdict.series or verdict.same:
            return Relation.SERIES
        return None

    def _judged(self, post: Post) -> Iterator[tuple[NoticeState, Post, Verdict]]:
        for other in self._like(post.features):
            first, second = sorted((other, post), key=post_order)
            yield self._notices[self._notice_of[other.key]], other, same(first.features, second.features)

    def _followed_up(self, post: Post) -> NoticeState | None:
        if not post.is_rollcall:
            return None
        for other in self._recent(post.group, post.sent_at):
            if post.sent_at - other.sent_at > self._settings.follow_up_window:
                return None
            if other.sender == post.sender:
                state = self._notices[self._notice_of[other.key]]
                return state if state.is_open else None
        return None

    def _redundancy(self, post: Post, state: NoticeState) -> Redundancy | None:
        if not state.is_open:
            return None
        earlier = [q for q in state.posts if post_order(q) < post_order(post)]
        if state.emergency:
            return None
        return redundancy(post, earlier, state.receipts, self._settings.share)

    def _multiple(
        self, post: Post, judged: Iterable[tuple[NoticeState, Post, Verdict]]
    ) -> MultipleReporting | None:
        if not demands_material(post):
            return None
        found = [
            (other, verdict)
            for state, other, verdict in judged
            if verdict.material
            and demands_material(other)
            and abs(post.sent_at - other.sent_at) <= self._settings.material_window
            and asks_elsewhere(post, state.posts)
        ]
        if not found:
            return None
        other, verdict = max(found, key=lambda pair: post_order(pair[0]))
        return report(post, other, verdict.why)

    # receipts

    def ack(self, ack: Ack) -> Acked:
        """Take a receipt in and say what it was worth.

        With a quote it counts for the quoted notice. Without one it counts for the newest open notice of the
        group that asked for a reply and that this person has not acknowledged, posted at most `ack_hours`
        earlier. When no question is open, the newest notice of that time is what the person meant: acknowledged
        before it is repeated, else unasked. Nothing posted in that time: none, for it answers ordinary talk.
        A quote of something that is no notice is unasked; of a notice called off or replaced, none.
        """
        known = self._acked.get(ack.key)
        if known is None:
            known = self._acked[ack.key] = self._judge(ack)
        return known

    def _judge(self, ack: Ack) -> Acked:
        if ack.quoted is not None:
            notice = self._notice_of.get(ack.quoted)
            if notice is None:
                return Acked(ack.key, None, AckKind.UNASKED)
            state: NoticeState | None = self._notices[notice]
        else:
            state = self._meant(ack)
        if state is None or not state.is_open:
            return Acked(ack.key, None, AckKind.NONE)
        asked = state.asks_of(ack.person, ack.group)
        if not state.acknowledge(ack):
            return Acked(ack.key, state.key, AckKind.REPEATED)
        return Acked(ack.key, state.key, AckKind.FIRST if asked else AckKind.UNASKED)

    def _meant(self, ack: Ack) -> NoticeState | None:
        states = [s for s in self._within(ack.group, ack.sent_at, ack.person) if s.is_open]
        waiting = (s for s in states if ack.person not in s.receipts and s.asks_of(ack.person, ack.group))
        return next(waiting, states[0] if states else None)

    def _within(self, group: int, at: datetime, person: int) -> Iterator[NoticeState]:
        """Yield the notices posted in a group within the window, newest first, this person's own left out."""
        seen: set[int] = set()
        for post in takewhile(lambda q: at - q.sent_at <= self._settings.ack_window, self._recent(group, at)):
            notice = self._notice_of[post.key]
            if notice not in seen and post.sender != person:
                seen.add(notice)
                yield self._notices[notice]

    def _recent(self, group: int, at: datetime) -> Iterator[Post]:
        """Yield a group's posts up to a moment, newest first."""
        posts = self._by_group.get(group, [])
        for place in range(bisect_right(posts, at, key=lambda q: q.sent_at) - 1, -1, -1):
            yield posts[place]

    def chain(self, chain: Chain) -> Chained:
        """Take a 接龙 list in: the newly named are its receipts, those named before are no repetition.

        A list that continues an earlier one of the group belongs to the same notice, whatever was posted since.
        """
        known = self._chained.get(chain.key)
        if known is None:
            known = self._chained[chain.key] = self._link(chain)
        return known

    def _link(self, chain: Chain) -> Chained:
        lists = self._chains.setdefault(chain.group, [])
        before = [
            (other, notice)
            for other, notice in lists
            if notice in self._notices
            and other.names <= chain.names
            and other.names
            and chain.sent_at - other.sent_at <= self._settings.repeat_window
        ]
        state: NoticeState | None = None
        if chain.quoted is not None and chain.quoted in self._notice_of:
            state = self._notices[self._notice_of[chain.quoted]]
        elif before:
            state = self._notices[before[-1][1]]
        else:
            candidates = [s for s in self._within(chain.group, chain.sent_at, -1) if s.is_open]
            state = next((s for s in candidates if s.asks), None)
        if state is None or not state.is_open:
            return Chained(chain.key, None)
        lists.append((chain, state.key))
        named: frozenset[int] = frozenset().union(*(other.names for other, n in before if n == state.key))
        first = frozenset(
            person
            for person in chain.names - named
            if state.acknowledge(Ack(chain.key, chain.group, person, chain.sent_at, chain.quoted))
        )
        return Chained(chain.key, state.key, first, chain.names - first)

    # questions

    def notice_of(self, post: int) -> int | None:
        """Return the notice that a post carries; None for an unknown or forgotten post."""
        return self._notice_of.get(post)

    def posts(self, notice: int) -> tuple[Post, ...]:
        """Return a notice's posts in time order."""
        return tuple(self._notices[notice].posts)

    def receipts(self, notice: int) -> dict[int, Receipt]:
        """Return a notice's receipts by person, over all groups."""
        return dict(self._notices[notice].receipts)

    def asked(self, notice: int) -> frozenset[int]:
        """Return everybody whom a notice's roll-calls asked, over all groups."""
        return self._notices[notice].asked()

    def is_open(self, notice: int) -> bool:
        """Tell whether a notice stands: neither called off nor replaced by a changed one."""
        return self._notices[notice].is_open

    def replies_avoided(self, post: int) -> frozenset[int]:
        """Return who had acknowledged before a redundant post and did not answer it again: counted, not estimated."""
        posted = self._posted[post]
        if posted.redundancy is None:
            return frozenset()
        state = self._notices[posted.notice]
        return state.replies_avoided(self._posts[post])

    def search(self, features: Features) -> list[tuple[Post, Verdict]]:
        """Find the posts that carry what a text asks, best first, without taking it in; for 查重."""
        found = [(other, same(other.features, features)) for other in self._like(features)]
        return sorted(
            ((other, v) for other, v in found if v.same or v.series or v.material or v.version),
            key=lambda pair: -pair[1].score,
        )

    def _like(self, features: Features) -> Iterator[Post]:
        for key in self._index.candidates(features):
            yield self._posts[key]

    def forget(self, before: datetime) -> None:
        """Drop every post older than a moment, and with its last post the notice and its receipts."""
        for notice in [n for n in self._notices.values() if n.first.sent_at < before]:
            for post in [q for q in notice.posts if q.sent_at < before]:
                notice.posts.remove(post)
                self._by_group[post.group].remove(post)
                self._index.remove(post.key)
                del self._posts[post.key], self._notice_of[post.key]
                self._posted.pop(post.key, None)
            if not notice.posts:
                del self._notices[notice.key]


def replay(events: Iterable[NoticeEvent], settings: NoticeSettings | None = None) -> list[Outcome]:
    """Give a new book all events in time order, whatever order they come in; one outcome per event, in that order."""
    book = NoticeBook(settings)
    return [take(book, event) for event in sorted(events, key=lambda e: (e.sent_at, e.key))]


def take(book: NoticeBook, event: NoticeEvent) -> Outcome:
    """Give a book one event of any kind."""
    if isinstance(event, Post):
        return book.post(event)
    if isinstance(event, Ack):
        return book.ack(event)
    return book.chain(event)
