"""Splits a quoted message from the reply below it."""

import re

_DASHES = r"(?:[-—－─–_]\s*){3,60}"
_QUOTED = re.compile(
    r"\s*[「『“\"\[【](?P<quote>[^\0]{1,3000}?)[」』”\"\]】]\s*\n?\s*" + _DASHES + r"\n?(?P<reply>[^\0]*)"
)
_LINES = re.compile(r"\s*(?P<quote>(?:>[^\n]*\n){1,40})(?P<reply>[^\0]*)")


def split_quote(text: str) -> tuple[str, str]:
    """Return the quoted text ("" when there is none) and what the sender wrote beneath it."""
    if not text or text[0] not in '「『“"[【> \n':
        return "", text
    found = _QUOTED.fullmatch(text) or _LINES.fullmatch(text)
    if found is None:
        return "", text
    return found["quote"].strip(), found["reply"].strip()
