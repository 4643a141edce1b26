"""Texts and names as every database, encoding and terminal takes them."""

import re
import unicodedata

_SURROGATES = re.compile("[\ud800-\udfff]")
_JOINER = "\u200d"  # holds emoji together


def clean_text(text: str) -> str:
    """Return a text without NUL; a lone surrogate becomes U+FFFD."""
    return _SURROGATES.sub("\ufffd", text.replace("\0", ""))


def clean_name(name: str, length: int = 64) -> str:
    """Return a name fit for one line of any output: no control or direction characters, cut to `length`."""
    kept = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in name[:1024])
    kept = "".join(c for c in clean_text(kept) if c == _JOINER or unicodedata.category(c) != "Cf")
    return " ".join(kept.split())[:length]
