"""Rows as CSV or Parquet: daily counts, or what is kept of each message."""

import csv
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from bot.exporters.cells import harmless
from bot.store.export_reader import ExportedMessage
from bot.store.labels import MessageFlag

BATCH = 10_000

Row = tuple[Any, ...]

DAILY = pa.schema(
    [
        ("platform", pa.string()),
        ("group", pa.string()),
        ("day", pa.date32()),
        ("kind", pa.string()),
        ("count", pa.int64()),
    ]
)
MESSAGES = pa.schema(
    [
        ("time", pa.timestamp("ms", tz="UTC")),
        ("platform", pa.string()),
        ("group", pa.string()),
        ("person", pa.string()),
        ("name", pa.string()),
        ("kind", pa.string()),
        ("length", pa.int64()),
        ("labels", pa.string()),
        ("emergency", pa.bool_()),
        ("recalled", pa.bool_()),
        ("text", pa.string()),
    ]
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


def write_csv(path: Path, schema: pa.Schema, rows: Iterable[Row], zone: ZoneInfo) -> int:
    """Write rows with a header, times local, in UTF-8 with a mark (Excel needs it); return how many."""
    count = 0
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(schema.names)
        for row in rows:
            writer.writerow([_cell(value, zone) for value in row])
            count += 1
    return count


def write_parquet(path: Path, schema: pa.Schema, rows: Iterable[Row]) -> int:
    """Write rows as Parquet, times in UTC; return how many."""
    count = 0
    source = iter(rows)
    with pq.ParquetWriter(path, schema) as writer:
        while batch := list(islice(source, BATCH)):
            columns = [
                pa.array(column, type=field.type)
                for column, field in zip(zip(*batch, strict=True), schema, strict=True)
            ]
            writer.write_batch(pa.record_batch(columns, schema=schema))
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
