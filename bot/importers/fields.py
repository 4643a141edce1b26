"""Values of parsed JSON and CSV as the type that is wanted, whatever stands there. Pure."""

import json
import re
from typing import Any

_ROUNDED = re.compile(r"\d(?:\.\d+)?E\+\d+", re.ASCII | re.IGNORECASE)


def text_of(value: Any) -> str:
    """Return a string; numbers as digits, everything else as ""."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def id_of(value: Any) -> str:
    """Return an id, "" for none, for zero (never reached the server), and for one that a spreadsheet rounded."""
    text = text_of(value).strip()
    return "" if text in ("0", "-1") or _ROUNDED.fullmatch(text) else text[:128]


def number_of(value: Any) -> int:
    """Return a whole number, 0 for anything else."""
    try:
        return int(value) if abs(float(value)) < 1e15 else 0
    except (TypeError, ValueError, OverflowError):
        return 0


def map_of(value: Any) -> dict[str, Any]:
    """Return an object, empty for anything else."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """Return a list, empty for anything else."""
    return value if isinstance(value, list) else []


def cell(row: list[str], at: int) -> str:
    """Return a cell, "" where the row or the column is missing."""
    return row[at] if 0 <= at < len(row) else ""


def raw_item(value: Any) -> str:
    """Return an item of a JSON file as JSON again."""
    return json.dumps(value, ensure_ascii=False, default=str)
