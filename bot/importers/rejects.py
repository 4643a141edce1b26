"""What was not taken from a file: counted by reason, its lines kept beside the file for its owner only."""

import json
import os
from collections import Counter
from io import TextIOWrapper
from pathlib import Path

from bot.importers.base import Rejected

SUFFIX = ".rejected.jsonl"
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)  # not on Windows


class RejectLog:
    """Counts rejections, and writes their lines where a folder is given (readable by its owner only)."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.counts: Counter[str] = Counter()
        self.written = 0
        self._file: TextIOWrapper | None = None

    def add(self, rejected: Rejected) -> None:
        """Count a rejection, and write its line where it has one."""
        self.counts[f"{rejected.reason}（{rejected.chat}）" if rejected.chat else str(rejected.reason)] += (
            rejected.count
        )
        if self.path is None or not rejected.raw:
            return
        if self._file is None:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _NOFOLLOW, 0o600)
            os.fchmod(descriptor, 0o600)
            self._file = os.fdopen(descriptor, "w", encoding="utf-8", errors="replace")
        line = {"line": rejected.line, "reason": str(rejected.reason), "raw": rejected.raw}
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self.written += 1

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def beside(file: Path, otherwise: Path) -> Path:
    """Return where the rejected lines of a file go: beside it, or in another folder when that is read-only."""
    if os.access(file.parent, os.W_OK):
        return file.with_name(file.name + SUFFIX)
    otherwise.mkdir(parents=True, exist_ok=True)
    return otherwise / (file.name + SUFFIX)
