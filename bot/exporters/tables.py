"""Rows as CSV or Parquet: daily counts, or what is kept of each message."""

import csv
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.exporters.cells import harmless
from bot.store.export_reader import ExportedMessage
from bot.store.labels import MessageFlag

BATCH = 10_000

Row = tuple[Any, ...]
Schema = tuple[tuple[str, str], ...]  # names and types of columns

DAILY: Schema = (
    ("platform", "string"),
    ("group", "string"),
    ("day", "date"),
    ("kind", "string"),
    ("count", "integer"),
)
MESSAGES: Schema = (
    ("time", "time"),
    ("platform", "string"),
    ("group", "string"),
    ("person", "string"),
    ("name", "string"),
    ("kind", "string"),
    ("length", "integer"),
    ("labels", "string"),
    ("emergency", "boolean"),
    ("recalled", "boolean"),
    ("text", "string"),
)


def message_rows(platform: str, group: str, messages: Iterable[ExportedMessage]) -> Iterator[Row]:
    """Yield a row of `MESSAGES` for each message; labels are joined by a semicolon."""
    for message in messages:
        yield (
            message.sent_at,
            platform,
            group,
            message.pseudonym,
            message.name,
            message.kind,
            message.length,
            ";".join(sorted(message.labels)),
            MessageFlag.EMERGENCY in message.flags,
            MessageFlag.RECALLED in message.flags,
            message.text,
        )


def write_csv(path: Path, schema: Schema, rows: Iterable[Row], zone: ZoneInfo) -> int:
    """Write rows with a header, times local, in UTF-8 with a mark (Excel needs it); return how many."""
    count = 0
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([name for name, _ in schema])
        for row in rows:
            writer.writerow([_cell(value, zone) for value in row])
            count += 1
    return count


def write_parquet(path: Path, schema: Schema, rows: Iterable[Row]) -> int:
    """Write rows as Parquet, times in UTC; return how many."""
    import pyarrow as pa  # noqa: PLC0415 (26 MB that no other command needs)
    from pyarrow import parquet  # noqa: PLC0415

    types = {
        "string": pa.string(),
        "integer": pa.int64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "time": pa.timestamp("ms", tz="UTC"),
    }
    columns = pa.schema([(name, types[kind]) for name, kind in schema])
    count = 0
    source = iter(rows)
    with parquet.ParquetWriter(path, columns) as writer:
        while batch := list(islice(source, BATCH)):
            arrays = [
                pa.array(v, type=f.type) for v, f in zip(zip(*batch, strict=True), columns, strict=True)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=columns))
            count += len(batch)
    return count


def _cell(value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(sep=" ", timespec="seconds")
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, date):
        return value.isoformat()
    return harmless(value) if isinstance(value, str) else value
