"""Writes chat histories: the same records as live messages, linked once at the end; nothing is sent because of them."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlmodel import Session

from bot.classify.classifier import Asked
from bot.events import (
    Classification,
    Event,
    GroupRef,
    GroupSnapshot,
    Label,
    Message,
    MessageKind,
    Recall,
)
from bot.period import WorkingHours
from bot.store.database import Database
from bot.store.drafting import make_draft, with_quote
from bot.store.follow import Follower
from bot.store.identities import Identities
from bot.store.recorder import Draft, Recorder

BATCH = 1000


@dataclass(slots=True)
class Summary:
    """What an import brought."""

    read: int = 0
    new: int = 0
    recalled: int = 0
    groups: dict[GroupRef, int] = field(default_factory=dict)
    people: set[tuple[str, str]] = field(default_factory=set)
    kinds: Counter[MessageKind] = field(default_factory=Counter)
    labels: Counter[Label] = field(default_factory=Counter)
    emergencies: int = 0
    first: datetime | None = None
    last: datetime | None = None


class HistoryWriter:
    """Takes events of an export; `finish` links the notices. With `dry` nothing is written.

    Consent was given by the person who runs the import: groups that are new are stored as agreed, without
    changing a group that is paused.
    """

    def __init__(
        self,
        database: Database,
        identities: Identities,
        recorder: Recorder,
        follower: Follower,
        classify: Callable[[Iterable[Asked]], list[Classification]],
        hours: WorkingHours,
        *,
        dry: bool = False,
    ) -> None:
        self._database = database
        self._identities = identities
        self._recorder = recorder
        self._follower = follower
        self._classify = classify
        self._hours = hours
        self._dry = dry
        self._waiting: list[tuple[Message, Classification | None]] = []
        self._since: datetime | None = None
        self.summary = Summary()

    def take(self, events: Iterable[Event], known: Classification | None = None) -> None:
        """Take some events, in the order of the export; `known` are the labels of our own exports."""
        for event in events:
            match event:
                case Message():
                    self._message(event, known)
                case GroupSnapshot():
                    self._flush()
                    self._snapshot(event)
                case Recall():
                    self._flush()
                    self._recall(event)
                case _:
                    continue

    def finish(self) -> Summary:
        """Write what waits and link everything from the oldest new message on."""
        self._flush()
        if self._since is not None and not self._dry:
            with self._database.write() as session:
                self._follower.rebuild(session, self._since)
        return self.summary

    def _message(self, message: Message, known: Classification | None) -> None:
        self._waiting.append((with_quote(message), known))
        if len(self._waiting) >= BATCH:
            self._flush()

    def _drafts(self) -> list[Draft]:
        """Classify what waits, count it and return it as drafts."""
        waiting, self._waiting = self._waiting, []
        asked = (_asked(message) for message, known in waiting if known is None)
        labels = iter(self._classify(asked))
        drafts = []
        for message, known in waiting:
            found = next(labels) if known is None else known
            self._count(message, found)
            drafts.append(make_draft(message, found, self._hours))
        return drafts

    def _count(self, message: Message, found: Classification) -> None:
        total = self.summary
        total.read += 1
        if message.group is not None:
            total.groups[message.group] = total.groups.get(message.group, 0) + 1
        total.people.add((message.sender.platform, message.sender.native_id))
        total.kinds[message.kind] += 1
        total.labels.update(found.labels)
        total.emergencies += found.emergency
        total.first = min(total.first or message.sent_at, message.sent_at)
        total.last = max(total.last or message.sent_at, message.sent_at)

    def _flush(self) -> None:
        drafts = self._drafts()
        if not drafts or self._dry:
            return
        now = datetime.now(UTC)
        try:
            with self._database.write() as session:
                self._agree(session, drafts, now)
                stored = [item for item in self._recorder.record(session, drafts, now) if item is not None]
                entered = self._follower.enter(session, stored)
        except Exception:
            self._recorder.forget()
            self._follower.reset()
            raise
        self.summary.new += len(stored)
        if entered or stored:
            oldest = min(item.draft.message.sent_at for item in stored)
            self._since = min(self._since or oldest, oldest)

    def _agree(self, session: Session, drafts: Sequence[Draft], now: datetime) -> None:
        for ref in {draft.message.group for draft in drafts}:
            if ref is not None:
                row = self._identities.group(session, ref, now)
                if row.consent == "pending":
                    row.consent, row.consent_at = "agreed", now

    def _snapshot(self, snapshot: GroupSnapshot) -> None:
        self.summary.people.update((info.person.platform, info.person.native_id) for info in snapshot.members)
        self.summary.groups.setdefault(snapshot.group, 0)
        if self._dry:
            return
        with self._database.write() as session:
            self._identities.snapshot(session, snapshot)
        self._recorder.forget()

    def _recall(self, recall: Recall) -> None:
        if self._dry:
            return
        with self._database.write() as session:
            sent_at = self._recorder.recall(session, recall.platform, recall.message_id)
        if sent_at is not None:
            self.summary.recalled += 1
            self._since = min(self._since or sent_at, sent_at)


def _asked(message: Message) -> Asked:
    quote = message.quote.text if message.quote else ""
    return Asked(message.text, message.kind, quote, message.file_name)
