"""Text files of blocks: a header line, the lines of a message, mostly a blank line."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

LINE_LIMIT = 16 * 1024 * 1024
HEADER_LIMIT = 400
_RULE = "=" * 20
BLOCK_LIMIT = 16 * 1024 * 1024  # characters; what goes beyond is cut


@dataclass(frozen=True, slots=True)
class Block:
    """A header with what stands under it; `header` is None for lines before the first header."""

    line: int
    header: re.Match[str] | None
    text: str


def blocks(stream: BinaryIO, pattern: re.Pattern[str]) -> Iterator[Block]:
    """Yield the blocks. A header counts only after a blank line, a rule of `=` signs or another header without text."""
    line_number, begun = 0, 1
    header: re.Match[str] | None = None
    lines: list[str] = []
    size, blank = 0, True
    file = io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline=None)
    while line := file.readline(LINE_LIMIT):
        line_number += 1
        line = line.removesuffix("\n")
        found = pattern.fullmatch(line) if (blank or not lines) and len(line) < HEADER_LIMIT else None
        ruled = line.startswith(_RULE) and not line.strip("=")
        if found:
            if header or lines:
                yield Block(begun, header, "\n".join(lines).strip("\n"))
            begun, header, lines, size = line_number, found, [], 0
        elif not ruled and size < BLOCK_LIMIT:
            size += len(line)
            lines.append(line)
        blank = ruled or not line.strip()
    if header or lines:
        yield Block(begun, header, "\n".join(lines).strip("\n"))
