"""Which encoding the bytes of an export are in, told from the bytes themselves. Pure."""

import codecs

from charset_normalizer import from_bytes

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 64 * 1024
_BINARY = (
    b"PK\x03\x04",
    b"SQLite format 3\0",
    b"\x1f\x8b",
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"Rar!",
    b"7z\xbc\xaf",
)


def detect(data: bytes, *, whole: bool) -> str | None:
    """Return the codec of text that begins with these bytes, None when they are no text.

    A byte order mark decides; then UTF-8 where it is valid, UTF-16 by its zero bytes, GB18030 (which
    contains GBK and GB2312) where it is valid, and what charset-normalizer thinks.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    if data.startswith(_BINARY):
        return None
    if data.isascii() and b"\0" not in data:
        return "utf-8"
    sixteen = _sixteen(data[:_SAMPLE])
    if sixteen:
        return sixteen
    if _decodes(data, "utf-8", whole=whole):
        return "utf-8"
    if _decodes(data, "gb18030", whole=whole) and b"\0" not in data:
        return "gb18030"
    if data.count(b"\0") > len(data) // 50:
        return None
    best = from_bytes(
        data[:_SAMPLE], cp_isolation=["utf_8", "gb18030", "big5", "utf_16_le", "utf_16_be"]
    ).best()
    return best.encoding if best else "utf-8"


def _decodes(data: bytes, name: str, *, whole: bool) -> bool:
    try:
        codecs.getincrementaldecoder(name)().decode(data, final=whole)
    except UnicodeDecodeError:
        return False
    return True


def _sixteen(data: bytes) -> str | None:
    """Return the UTF-16 that the bytes are in without a mark: ASCII among the text has its zero bytes on one side."""
    pairs = len(data) // 2
    if pairs < 2:
        return None
    low = data[1 : pairs * 2 : 2].count(0)
    high = data[0 : pairs * 2 : 2].count(0)
    for name, zeros, others in (("utf-16-le", low, high), ("utf-16-be", high, low)):
        if zeros > pairs // 10 and others <= zeros // 20 and _decodes(data[: pairs * 2], name, whole=False):
            return name
    return None
