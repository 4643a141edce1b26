"""Whose receipt of what: plain receipts and 接龙 lists."""

from collections.abc import Iterator
from datetime import datetime

from bot.notices.chain import match_chain
from bot.notices.records import Ack, Acked, AckKind, Chain, Chained
from bot.notices.settings import NoticeSettings
from bot.notices.shelf import Shelf
from bot.notices.state import NoticeState

__all__ = ["ReceiptDesk", "match_chain"]

_NOBODY = -1  # no person's key


class ReceiptDesk:
    """Takes receipts in; each message counts once, however often it is delivered."""

    def __init__(self, shelf: Shelf, settings: NoticeSettings) -> None:
        self._shelf = shelf
        self._settings = settings
        self._acked: dict[int, tuple[datetime, Acked]] = {}
        self._chained: dict[int, tuple[datetime, Chained]] = {}
        self._lists: dict[int, list[tuple[Chain, int]]] = {}  # group -> its lists and their notices

    def ack(self, ack: Ack) -> Acked:
        """Take a receipt in; see `NoticeBook.ack`."""
        if ack.key not in self._acked:
            self._acked[ack.key] = (ack.sent_at, self._judge(ack))
        return self._acked[ack.key][1]

    def chain(self, chain: Chain) -> Chained:
        """Take a 接龙 list in; see `NoticeBook.chain`."""
        if chain.key not in self._chained:
            self._chained[chain.key] = (chain.sent_at, self._link(chain))
        return self._chained[chain.key][1]

    def forget(self, before: datetime) -> None:
        """Drop what is known of messages older than a moment."""
        self._acked = {key: known for key, known in self._acked.items() if known[0] >= before}
        self._chained = {key: known for key, known in self._chained.items() if known[0] >= before}
        kept = {g: [pair for pair in pairs if pair[0].sent_at >= before] for g, pairs in self._lists.items()}
        self._lists = {group: pairs for group, pairs in kept.items() if pairs}

    def _judge(self, ack: Ack) -> Acked:
        if ack.quoted is not None:
            state = self._shelf.get(self._shelf.notice_of(ack.quoted))
            if state is None:
                return Acked(ack.key, None, AckKind.UNASKED)
        else:
            state = self._meant(ack)
        if state is None or not state.is_open:
            return Acked(ack.key, None, AckKind.NONE)
        asked = state.asks_of(ack.person, ack.group)
        if not state.acknowledge(ack):
            return Acked(ack.key, state.key, AckKind.REPEATED)
        return Acked(ack.key, state.key, AckKind.FIRST if asked else AckKind.UNASKED)

    def _meant(self, ack: Ack) -> NoticeState | None:
        states = list(self._posted_lately(ack.group, ack.sent_at, ack.person))
        waiting = (
            state
            for state in states
            if ack.person not in state.receipts and state.asks_of(ack.person, ack.group)
        )
        return next(waiting, states[0] if states else None)

    def _posted_lately(self, group: int, at: datetime, person: int) -> Iterator[NoticeState]:
        """Yield the open notices posted in a group within the window, newest first, but not a person's own."""
        seen: set[int] = set()
        for post in self._shelf.recent(group, at, self._settings.ack_window):
            state = self._shelf.carried_by(post.key)
            if state.key not in seen and state.is_open and post.sender != person:
                seen.add(state.key)
                yield state

    def _link(self, chain: Chain) -> Chained:
        lists = self._lists.setdefault(chain.group, [])
        before = [
            (other, notice)
            for other, notice in lists
            if other.names
            and other.names <= chain.names
            and chain.sent_at - other.sent_at <= self._settings.repeat_window
        ]
        if chain.quoted is not None and self._shelf.notice_of(chain.quoted) is not None:
            state = self._shelf.get(self._shelf.notice_of(chain.quoted))
        elif before:
            state = self._shelf.get(before[-1][1])
        else:
            lately = self._posted_lately(chain.group, chain.sent_at, _NOBODY)
            state = next((open_notice for open_notice in lately if open_notice.asks), None)
        if state is None or not state.is_open:
            return Chained(chain.key, None)
        lists.append((chain, state.key))
        named = {person for other, notice in before if notice == state.key for person in other.names}
        first = frozenset(
            person
            for person in chain.names - named
            if state.acknowledge(Ack(chain.key, chain.group, person, chain.sent_at, chain.quoted))
        )
        return Chained(chain.key, state.key, first, chain.names - first)
