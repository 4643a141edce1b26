"""Rows of large CSV files, with their line numbers."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import BinaryIO

FIELD_LIMIT = 16 * 1024 * 1024


class TooLongError(Exception):
    """A cell has no end within reason."""


def rows(stream: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    r"""Yield (number of the row's last line, cells) of each row that is not empty. Raises TooLongError.

    Line ends inside a cell become `\n`, which is what live messages have.
    """
    csv.field_size_limit(FIELD_LIMIT)
    reader = csv.reader(io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline=None))
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        raise TooLongError(str(reader.line_num)) from error


def header_of(text: str) -> list[str]:
    """Return the column names in the first line of a text."""
    first = next(iter(text.lstrip("\ufeff").splitlines()), "")
    try:
        return [cell.strip() for cell in next(csv.reader([first]), [])]
    except csv.Error:
        return []


def positions(header: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Return where the wanted columns stand; -1 for one that is missing."""
    return [header.index(name) if name in header else -1 for name in wanted]


def raw_line(row: Sequence[str]) -> str:
    """Return a row as a line of CSV again."""
    out = io.StringIO()
    csv.writer(out).writerow(row)
    return out.getvalue().rstrip("\r\n")
