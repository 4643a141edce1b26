"""Storing messages against raw sqlite3.executemany of the same rows: `python -m tests.bench.bench_ingest`.

Same pragmas, same batches of 500, alternating, median of five ratios. The storage path is `Recorder.record` in
one transaction per batch, with the daily counts. With `--memory`: the memory of the bot after 100,000 messages
through the whole pipeline.
"""

import asyncio
import random
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.events import Classification, GroupRef, GroupSnapshot, Label, MemberInfo, Message, PersonRef
from bot.store.database import Database
from bot.store.identities import Identities
from bot.store.recorder import Draft, Recorder
from bot.store.vault import Vault

BATCH = 500
BATCHES = 200
ROUNDS = 5
GROUPS = 50
PEOPLE = 1500
BEGIN = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON", "secure_delete=ON",
           "cache_size=-16000")  # fmt: skip
LABELS = (frozenset[Label](),) * 6 + (
    frozenset({Label.ACK}), frozenset({Label.ACK}),
    frozenset({Label.NOTICE, Label.ROLLCALL_DEMAND}), frozenset({Label.PHOTO_DEMAND}),
)  # fmt: skip


def drafts(chance: random.Random) -> list[Draft]:
    """Messages of a county, as the classifier leaves them; no texts are kept, as of ordinary chat."""
    found = []
    for number in range(BATCH * BATCHES):
        person = chance.randrange(PEOPLE)
        group = (person + chance.randrange(3)) % GROUPS
        message = Message(
            platform="fake", account="bot", native_id=f"m{number}", group=GroupRef("fake", f"g{group}", f"{group}组群"),
            sender=PersonRef("fake", f"p{person}", f"人{person}"),
            sent_at=BEGIN + timedelta(seconds=number), text="收到" * chance.randrange(1, 9),
        )  # fmt: skip
        found.append(Draft(message, Classification(chance.choice(LABELS))))
    return found


def ours(folder: Path, items: Sequence[Draft]) -> float:
    """Store all messages by the recorder; return the seconds of it."""
    database = Database(f"sqlite:///{folder / 'ours.db'}")
    database.upgrade()
    vault = Vault.open(folder / "key")
    identities = Identities(vault)
    with database.write() as session:  # a group's list of members comes before its messages
        for group in range(GROUPS):
            people = [person for person in range(PEOPLE) if (group - person) % GROUPS < 3]
            infos = tuple(MemberInfo(PersonRef("fake", f"p{person}", f"人{person}")) for person in people)
            identities.snapshot(
                session, GroupSnapshot(GroupRef("fake", f"g{group}", f"{group}组群"), infos, BEGIN)
            )
    recorder = Recorder(identities, vault, ZoneInfo("Asia/Shanghai"), 30)
    begin = time.perf_counter()
    for batch in batches(items):
        with database.write() as session:
            recorder.record(session, batch, BEGIN)
    taken = time.perf_counter() - begin
    database.close()
    return taken


def raw(folder: Path) -> float:
    """Insert the very rows that the recorder made, by executemany into the same table; return the seconds."""
    with sqlite3.connect(folder / "ours.db") as source:
        rows = source.execute("SELECT * FROM message ORDER BY id").fetchall()
        schema = [
            row[0]
            for row in source.execute(
                "SELECT sql FROM sqlite_master WHERE tbl_name = 'message' AND sql IS NOT NULL"
            )
        ]
    source.close()
    target = sqlite3.connect(folder / "raw.db", isolation_level=None)
    for pragma in PRAGMAS:
        target.execute(f"PRAGMA {pragma}")
    for statement in schema:
        target.execute(statement)
    insert = f"INSERT INTO message VALUES ({', '.join('?' * len(rows[0]))})"  # noqa: S608 (question marks)
    begin = time.perf_counter()
    for batch in batches(rows):
        target.execute("BEGIN IMMEDIATE")
        target.executemany(insert, batch)
        target.execute("COMMIT")
    taken = time.perf_counter() - begin
    target.close()
    return taken


def batches(items: Sequence[object]) -> Iterator[Sequence]:  # type: ignore[type-arg]  # of either kind
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))


def compare() -> float:
    """Print each ratio (raw seconds over ours) and their median; return the median."""
    items = drafts(random.Random(7))
    ratios = []
    for number in range(ROUNDS):
        with tempfile.TemporaryDirectory() as name:
            mine, plain = ours(Path(name), items), raw(Path(name))
        ratios.append(plain / mine)
        rate = len(items) / mine
        print(
            f"round {number + 1}: recorder {mine:.2f} s ({rate:,.0f} messages/s), executemany {plain:.2f} s, ratio {ratios[-1]:.2f}"
        )
    median = statistics.median(ratios)
    print(f"median of {ROUNDS} ratios: {median:.2f} (at least 0.50)")
    return median


async def live(folder: Path, count: int) -> None:
    """Put messages through inbox, pipeline and store, in bursts."""
    from bot.testing import Town, quick_config

    town = Town(quick_config(folder), BEGIN)
    people = [f"p{number}" for number in range(60)]
    for group in range(20):
        await town.found(f"{group}组群", people, "p0")
    texts = (
        "今天天气不错",
        "收到",
        "好的，马上办",
        "请各村于11月27日17:00前报送第{}号总结，收到请回复",
        "吃了吗",
    )
    start = memory()
    begin = time.perf_counter()
    for first in range(0, count, BATCH):
        stubs = []
        for number in range(first, first + BATCH):
            town.clock.advance(1)
            now = town.clock.now()
            text = texts[number % len(texts) if number % 40 == 3 else number % 3].format(number)
            message = town.channel.message(
                f"{number % 20}组群", people[number % 60], text, now, native_id=f"x{number}"
            )
            stubs.append(town.channel.stub([message], now, f"x{number}"))
        await town.app.inbox.accept(stubs)
        while await town.app.worker.step():
            pass
        for stub in stubs:  # what the fake platform remembers is not the bot's memory
            town.channel._events.pop(stub.native_id)
    taken = time.perf_counter() - begin
    print(
        f"{count:,} messages in {taken:.0f} s ({count / taken:,.0f}/s); memory {start:.0f} MB -> {memory():.0f} MB, peak {peak():.0f} MB"
    )
    town.close()


def memory() -> float:
    """Resident memory now, in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def peak() -> float:
    """Most resident memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def main() -> None:
    if "--memory" in sys.argv:
        with tempfile.TemporaryDirectory() as name:
            asyncio.run(live(Path(name), 100_000))
        return
    sys.exit(0 if compare() >= 0.5 else 1)


if __name__ == "__main__":
    main()
