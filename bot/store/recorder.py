"""The storage path of messages: each once, its counts with it, in the caller's transaction."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Insert, Table, func, select, text, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
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
# Plain numbers: an IntFlag costs ten times as much, at every message.
_EMERGENCY, _OFF_HOURS, _MENTIONS_ALL, _OWN, _HISTORY, _BOT, _SYSTEM = (
    int(flag)
    for flag in (
        MessageFlag.EMERGENCY,
        MessageFlag.OFF_HOURS,
        MessageFlag.MENTIONS_ALL,
        MessageFlag.OWN,
        MessageFlag.HISTORY,
        MessageFlag.BOT,
        MessageFlag.SYSTEM,
    )
)
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
        identities = [self._identity(draft.message) for draft in drafts]
        if not any(draft.message.history for draft in drafts):
            # Live messages are hardly ever known: inserting them at once and looking only when the database
            # refuses is several times faster than looking each of them up.
            stored, rows = self._rows(session, drafts, identities, _Known())
            try:
                with session.begin_nested():
                    insert_many(session, MESSAGES.insert(), rows)
            except IntegrityError:
                pass
            else:
                return self._finish(session, stored, rows, now)
        stored, rows = self._rows(session, drafts, identities, self._known(session, drafts, identities))
        insert_many(session, MESSAGES.insert(), rows)
        return self._finish(session, stored, rows, now)

    def _rows(
        self,
        session: Session,
        drafts: Sequence[Draft],
        identities: Sequence[tuple[int, str, str]],
        known: "_Known",
    ) -> tuple[list[Stored | None], list[dict[str, Any]]]:
        rows: list[dict[str, Any]] = []
        stored: list[Stored | None] = []
        ids = _allocate(session, len(drafts))
        for draft, (group_id, native_id, content) in zip(drafts, identities, strict=True):
            message = draft.message
            person_id, _, opted_out, is_bot = self._people[message.sender.platform, message.sender.native_id]
            twins = known.twins if message.native_id else known.contents
            twin = message.history and (group_id, content) in twins
            if opted_out or (group_id, native_id) in known.natives or twin:
                stored.append(None)
                continue
            known.natives.add((group_id, native_id))
            item = Stored(next(ids), group_id, person_id, draft)
            stored.append(item)
            hits = draft.classification.hits
            rows.append(
                {
                    "id": item.id,
                    "group_id": group_id,
                    "person_id": person_id,
                    "native_id": native_id,
                    "content_key": content,
                    "sent_ms": to_ms(message.sent_at),
                    "kind": message.kind.value,
                    "length": len(message.text),
                    "labels": to_bits(draft.classification.labels),
                    "flags": _flags(draft, is_bot=is_bot),
                    "rules": ",".join(dict.fromkeys(hit.rule_id for hit in hits)) if hits else "",
                }
            )
        return stored, rows

    def _finish(
        self, session: Session, stored: list[Stored | None], rows: Sequence[dict[str, Any]], now: datetime
    ) -> list[Stored | None]:
        tally = Counter(
            (row["group_id"], self._day(row["sent_ms"]), row["labels"], row["flags"], row["kind"])
            for row in rows
        )
        add_counts(session, _spread(tally))
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
            pair, name = (message.sender.platform, message.sender.native_id), message.sender.name
            met = self._people.get(pair)
            if met is None or (name and name != met[1]):
                strangers[pair] = draft
            for native in message.mentions:
                if (message.platform, native) not in self._people:
                    strangers.setdefault((message.platform, native), draft)
        if strangers:
            refs = {pair: _ref(pair, draft) for pair, draft in strangers.items()}
            for pair, person in self._identities.people(session, refs.values()).items():
                self._people[pair] = (person.id or 0, refs[pair].name, person.opted_out, person.is_bot)
        writers: dict[tuple[int, int], None] = {}
        for draft in drafts:
            message = draft.message
            sender = self._people[message.sender.platform, message.sender.native_id][0]
            writer = (self._group_id(message), sender)
            if writer not in self._members and message.kind != MessageKind.SYSTEM:
                writers[writer] = None
        self._identities.seen(session, writers)
        self._members.update(writers)

    def _group_id(self, message: Message) -> int:
        group = message.group
        return self._groups[group.platform, group.native_id][0] if group else 0

    def _identity(self, message: Message) -> tuple[int, str, str]:
        group_id = self._group_id(message)
        person_id = self._people[message.sender.platform, message.sender.native_id][0]
        where = f"{group_id} {person_id} {int(message.sent_at.timestamp())} {message.kind.value}"
        content = self._vault.content_key(where, message.text, message.file_name)
        return group_id, storable(message.native_id) or f"content:{content}", content

    def _known(
        self, session: Session, drafts: Sequence[Draft], identities: Sequence[tuple[int, str, str]]
    ) -> "_Known":
        """Look up which of the drafts are stored.

        The same message has another id when it was seen live, or none in some exports: history is then
        compared by content; within one kind of export two equal messages in a second are two.
        """
        natives = [(group_id, native_id) for group_id, native_id, _ in identities]
        contents = [
            (group_id, content)
            for draft, (group_id, _, content) in zip(drafts, identities, strict=True)
            if draft.message.history
        ]
        table = MESSAGES.c
        known: set[tuple[int, str]] = set()
        twins: set[tuple[int, str]] = set()
        anything: set[tuple[int, str]] = set()
        # Pairs: two separate lists would look every id up in every group.
        here, same = tuple_(table.group_id, table.native_id), tuple_(table.group_id, table.content_key)
        for chunk in chunks(natives):
            query = select(table.group_id, table.native_id).where(here.in_(chunk))
            known.update((row[0], row[1]) for row in session.execute(query))
        for chunk in chunks(contents):
            columns = select(table.group_id, table.content_key, table.native_id, table.flags)
            for row in session.execute(columns.where(same.in_(chunk))):
                anything.add((row[0], row[1]))
                if row[2].startswith("content:") or not row[3] & MessageFlag.HISTORY:
                    twins.add((row[0], row[1]))
        return _Known(known, twins, anything)

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


@dataclass(slots=True)
class _Known:
    """What is stored already: ids, contents that came another way, all contents; each with its group."""

    natives: set[tuple[int, str]] = field(default_factory=set)
    twins: set[tuple[int, str]] = field(default_factory=set)
    contents: set[tuple[int, str]] = field(default_factory=set)


def insert_many(session: Session, statement: Insert, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that all have the same columns; by the driver alone where it counts parameters.

    SQLAlchemy's own handling of parameters costs as much as SQLite's insert.
    """
    if not rows:
        return
    connection = session.connection()
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(rows[0]))
    names = getattr(compiled, "positiontup", None)
    if not names or connection.dialect.name != "sqlite":
        connection.execute(statement, rows)
        return
    bind: list[Any] = [compiled._bind_processors.get(name) for name in names]  # noqa: SLF001 (dates to text)
    if not any(bind):
        connection.exec_driver_sql(str(compiled), list(map(itemgetter(*names), rows)))
        return
    pairs = list(zip(names, bind, strict=True))
    connection.exec_driver_sql(
        str(compiled), [tuple(turn(row[name]) if turn else row[name] for name, turn in pairs) for row in rows]
    )


def _spread(tally: Counter[tuple[int, date, int, int, str]]) -> Counter[tuple[int, date, str]]:
    counts: Counter[tuple[int, date, str]] = Counter()
    for (group_id, day, labels, flags, kind), number in tally.items():
        for name in counts_of(labels, flags, kind):
            counts[group_id, day, name] += number
    return counts


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
    insert_many(session, statement, rows)


def _ref(pair: tuple[str, str], draft: Draft) -> Any:
    sender = draft.message.sender
    if pair == (sender.platform, sender.native_id):
        return sender
    return type(sender)(platform=pair[0], native_id=pair[1])


def _flags(draft: Draft, *, is_bot: bool) -> int:
    message = draft.message
    flags = 0
    if draft.classification.emergency:
        flags |= _EMERGENCY
    if draft.off_hours:
        flags |= _OFF_HOURS
    if message.mentions_all:
        flags |= _MENTIONS_ALL
    if message.own:
        flags |= _OWN
    if message.history:
        flags |= _HISTORY
    if is_bot and not message.own:
        flags |= _BOT
    if message.kind == MessageKind.SYSTEM:
        flags |= _SYSTEM
    return flags


def _allocate(session: Session, count: int) -> Any:
    # Bulk inserts with RETURNING cost twice as much; writers take turns, so ids can be given out here.
    if session.get_bind().dialect.name == "postgresql":
        query = text("SELECT nextval(pg_get_serial_sequence('message', 'id')) FROM generate_series(1, :n)")
        return iter([row[0] for row in session.execute(query, {"n": count})])
    last = session.execute(select(func.max(MESSAGES.c.id))).scalar() or 0
    return iter(range(last + 1, last + 1 + count))
