"""The storage path of messages: each once, its counts with it, in the caller's transaction."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from bot.events import Classification, Message, MessageKind, PersonRef
from bot.store.identities import Identities, chunks
from bot.store.labels import MessageFlag, counts_of, to_bits
from bot.store.tables import DailyCount, Group, Mention, MessageRow, MessageText
from bot.store.types import from_ms, storable, to_ms
from bot.store.vault import Vault, mask

MESSAGES: Table = MessageRow.__table__  # type: ignore[attr-defined]  # SQLModel hides it
TEXTS: Table = MessageText.__table__  # type: ignore[attr-defined]
MENTIONS: Table = Mention.__table__  # type: ignore[attr-defined]
COUNTS: Table = DailyCount.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Draft:
    """A group message, classified, ready to be stored."""

    message: Message
    classification: Classification
    off_hours: bool = False
    keep_text: bool = False
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """A message that is in the store now."""

    id: int
    group_id: int
    person_id: int
    draft: Draft


class Recorder:
    """Writes messages in bulk. One instance per writer: it remembers whom it has met."""

    def __init__(self, identities: Identities, vault: Vault, zone: ZoneInfo, text_days: int) -> None:
        self._identities = identities
        self._vault = vault
        self._zone = zone
        self._text_days = text_days
        self._groups: dict[tuple[str, str], tuple[int, str]] = {}
        self._people: dict[tuple[str, str], tuple[int, str, bool, bool]] = {}
        self._members: set[tuple[int, int]] = set()
        self._days: dict[int, date] = {}

    def forget(self) -> None:
        """Drop what is remembered, after a rollback or a change by others."""
        self._groups.clear()
        self._people.clear()
        self._members.clear()

    def opted_out(self, sender: PersonRef) -> bool:
        """Tell whether a sender of the last messages wants nothing recorded."""
        known = self._people.get((sender.platform, sender.native_id))
        return known is not None and known[2]

    def record(self, session: Session, drafts: Sequence[Draft], now: datetime) -> list[Stored | None]:
        """Store messages; None stands for one that was there already, or whose sender opted out."""
        self._meet(session, drafts, now)
        rows: list[dict[str, Any]] = []
        stored: list[Stored | None] = []
        counts: Counter[tuple[int, date, str]] = Counter()
        known, twins, anything = self._known(session, drafts)
        ids = _allocate(session, len(drafts))
        for draft in drafts:
            message = draft.message
            group_id = self._group_id(message)
            person_id, _, opted_out, is_bot = self._people[message.sender.platform, message.sender.native_id]
            native_id, content = self._identity(message, group_id, person_id)
            twin = message.history and (group_id, content) in (twins if message.native_id else anything)
            if opted_out or (group_id, native_id) in known or twin:
                stored.append(None)
                continue
            known.add((group_id, native_id))
            labels = to_bits(draft.classification.labels)
            flags = _flags(draft, is_bot=is_bot)
            sent_ms = to_ms(message.sent_at)
            item = Stored(next(ids), group_id, person_id, draft)
            stored.append(item)
            rows.append(
                {
                    "id": item.id,
                    "group_id": group_id,
                    "person_id": person_id,
                    "native_id": native_id,
                    "content_key": content,
                    "sent_ms": sent_ms,
                    "kind": message.kind.value,
                    "length": len(message.text),
                    "labels": labels,
                    "flags": flags,
                    "rules": ",".join(dict.fromkeys(hit.rule_id for hit in draft.classification.hits)),
                }
            )
            day = self._day(sent_ms)
            for kind in counts_of(labels, flags, message.kind.value):
                counts[group_id, day, kind] += 1
        if rows:
            connection = session.connection()
            connection.execute(MESSAGES.insert(), rows)
            add_counts(session, counts)
            self._extras(session, [item for item in stored if item], now)
        return stored

    def recall(self, session: Session, platform: str, native_id: str) -> datetime | None:
        """Take a recalled message out of the counts; return when it was sent, None when it is not counted."""
        statement = (
            select(MESSAGES)
            .join(Group, col(Group.id) == MESSAGES.c.group_id)
            .where(col(Group.platform) == platform, MESSAGES.c.native_id == storable(native_id))
        )
        row = session.execute(statement).first()
        if row is None or row.flags & MessageFlag.RECALLED:
            return None
        day = self._day(row.sent_ms)
        taken = Counter(
            {(row.group_id, day, kind): -1 for kind in counts_of(row.labels, row.flags, row.kind)}
        )
        add_counts(session, taken)
        session.execute(
            update(MESSAGES).where(MESSAGES.c.id == row.id).values(flags=row.flags | MessageFlag.RECALLED)
        )
        session.execute(TEXTS.delete().where(TEXTS.c.message_id == row.id))
        return from_ms(row.sent_ms)

    def _meet(self, session: Session, drafts: Sequence[Draft], now: datetime) -> None:
        for draft in drafts:
            ref = draft.message.group
            if ref is None:
                msg = "only messages of groups are recorded"
                raise ValueError(msg)
            cached = self._groups.get((ref.platform, ref.native_id))
            if cached is None or (ref.name and ref.name != cached[1]):
                row = self._identities.group(session, ref, now)
                self._groups[ref.platform, ref.native_id] = (row.id or 0, ref.name or row.name)
        strangers = {}
        for draft in drafts:
            message = draft.message
            mentioned = [(message.platform, native) for native in message.mentions]
            for pair, name in [((message.sender.platform, message.sender.native_id), message.sender.name)] + [
                (pair, "") for pair in mentioned
            ]:
                cached_person = self._people.get(pair)
                if cached_person is None or (name and name != cached_person[1]):
                    strangers[pair] = draft
        if strangers:
            refs = [_ref(pair, draft) for pair, draft in strangers.items()]
            for pair, person in self._identities.people(session, refs).items():
                name = next((ref.name for ref in refs if (ref.platform, ref.native_id) == pair), "")
                self._people[pair] = (person.id or 0, name, person.opted_out, person.is_bot)
        writers: dict[int, set[int]] = {}
        for draft in drafts:
            message = draft.message
            writer = (
                self._group_id(message),
                self._people[message.sender.platform, message.sender.native_id][0],
            )
            if writer not in self._members and message.kind != MessageKind.SYSTEM:
                writers.setdefault(writer[0], set()).add(writer[1])
                self._members.add(writer)
        for group_id, people in writers.items():
            self._identities.seen(session, group_id, people)

    def _group_id(self, message: Message) -> int:
        group = message.group
        return self._groups[group.platform, group.native_id][0] if group else 0

    def _identity(self, message: Message, group_id: int, person_id: int) -> tuple[str, str]:
        second = str(int(message.sent_at.timestamp()))
        content = self._vault.content_key(
            str(group_id), str(person_id), second, message.kind.value, message.text, message.file_name
        )
        return storable(message.native_id) or f"content:{content}", content

    def _known(
        self, session: Session, drafts: Sequence[Draft]
    ) -> tuple[set[tuple[int, str]], set[tuple[int, str]], set[tuple[int, str]]]:
        """Return (group, native id) of what is stored, and (group, content) of what came another way, of all.

        The same message has another id when it was seen live, or none in some exports: history is then
        compared by content; within one kind of export two equal messages in a second are two.
        """
        natives = []
        contents = []
        for draft in drafts:
            person_id = self._people[draft.message.sender.platform, draft.message.sender.native_id][0]
            native_id, content = self._identity(draft.message, self._group_id(draft.message), person_id)
            natives.append(native_id)
            if draft.message.history:
                contents.append(content)
        groups = {self._group_id(draft.message) for draft in drafts}
        table = MESSAGES.c
        known: set[tuple[int, str]] = set()
        twins: set[tuple[int, str]] = set()
        anything: set[tuple[int, str]] = set()
        for chunk in chunks(natives):
            query = select(table.group_id, table.native_id).where(
                table.group_id.in_(groups), table.native_id.in_(chunk)
            )
            known.update((row[0], row[1]) for row in session.execute(query))
        for chunk in chunks(contents):
            columns = select(table.group_id, table.content_key, table.native_id, table.flags)
            for row in session.execute(
                columns.where(table.group_id.in_(groups), table.content_key.in_(chunk))
            ):
                anything.add((row[0], row[1]))
                if row[2].startswith("content:") or not row[3] & MessageFlag.HISTORY:
                    twins.add((row[0], row[1]))
        return known, twins, anything

    def _extras(self, session: Session, stored: Iterable[Stored], now: datetime) -> None:
        texts, mentions = [], []
        for item in stored:
            message = item.draft.message
            expires = message.sent_at + timedelta(days=self._text_days)
            if item.draft.keep_text and not item.draft.secret and expires > now:
                kept = storable(mask(message.text))
                texts.append({"message_id": item.id, "text": kept, "expires_at": expires})
            mentioned = {self._people[message.platform, native][0] for native in message.mentions}
            mentions += [{"message_id": item.id, "person_id": person_id} for person_id in mentioned]
        connection = session.connection()
        if texts:
            connection.execute(TEXTS.insert(), texts)
        if mentions:
            connection.execute(MENTIONS.insert(), mentions)

    def _day(self, sent_ms: int) -> date:
        quarter = sent_ms // 900_000  # no zone begins its day within a quarter of an hour
        day = self._days.get(quarter)
        if day is None:
            if len(self._days) > 10_000:
                self._days.clear()
            day = self._days[quarter] = from_ms(sent_ms).astimezone(self._zone).date()
        return day


def add_counts(session: Session, counts: Counter[tuple[int, date, str]]) -> None:
    """Add to the daily counts (negative numbers take away)."""
    rows = [{"group_id": g, "day": d, "kind": k, "count": n} for (g, d, k), n in counts.items() if n]
    if not rows:
        return
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert(COUNTS) if dialect == "postgresql" else sqlite.insert(COUNTS)
    statement = insert.on_conflict_do_update(
        index_elements=["group_id", "day", "kind"], set_={"count": COUNTS.c.count + insert.excluded.count}
    )
    session.connection().execute(statement, rows)


def _ref(pair: tuple[str, str], draft: Draft) -> Any:
    sender = draft.message.sender
    if pair == (sender.platform, sender.native_id):
        return sender
    return type(sender)(platform=pair[0], native_id=pair[1])


def _flags(draft: Draft, *, is_bot: bool) -> int:
    message = draft.message
    flags = MessageFlag(0)
    if draft.classification.emergency:
        flags |= MessageFlag.EMERGENCY
    if draft.off_hours:
        flags |= MessageFlag.OFF_HOURS
    if message.mentions_all:
        flags |= MessageFlag.MENTIONS_ALL
    if message.own:
        flags |= MessageFlag.OWN
    if message.history:
        flags |= MessageFlag.HISTORY
    if is_bot and not message.own:
        flags |= MessageFlag.BOT
    if message.kind == MessageKind.SYSTEM:
        flags |= MessageFlag.SYSTEM
    return int(flags)


def _allocate(session: Session, count: int) -> Any:
    # Bulk inserts with RETURNING cost twice as much; writers take turns, so ids can be given out here.
    if session.get_bind().dialect.name == "postgresql":
        query = text("SELECT nextval(pg_get_serial_sequence('message', 'id')) FROM generate_series(1, :n)")
        return iter([row[0] for row in session.execute(query, {"n": count})])
    last = session.execute(select(func.max(MESSAGES.c.id))).scalar() or 0
    return iter(range(last + 1, last + 1 + count))
