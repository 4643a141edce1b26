"""Cells that no spreadsheet runs as a formula. Pure."""

# OWASP, "CSV Injection": a cell that begins with one of these is run; Excel takes the full width forms too.
STARTERS = frozenset("=+-@＝＋－＠\t\r\n|%")
GUARD = "'"


def harmless(text: str) -> str:
    """Return a cell's text, with an apostrophe in front where a spreadsheet would run it."""
    first = text.lstrip(" \u00a0\u3000\ufeff\u200b")[:1]
    return GUARD + text if text[:1] in STARTERS or first in STARTERS else text
