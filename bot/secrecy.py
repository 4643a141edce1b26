"""Marks of suspected secret material: of such a message nothing but category and time is kept."""

import re
import unicodedata

_MARKS = (
    (
        "密级标志",
        re.compile(
            r"(?:绝密|机密|秘密)\s*(?:[★☆*]|级|件|\d+\s*年|[:：]|$)|[★☆]\s*(?:绝密|机密|秘密)|^\s*(?:绝密|机密|秘密)\s",
            re.MULTILINE,
        ),
    ),
    (
        "发文字号",
        re.compile(r"[\u4e00-\u9fff]{1,12}\s*[〔\[(【]\s*(?:19|20)\d{2}\s*[〕\])】]\s*\d{1,4}\s*号"),
    ),
    (
        "内部标志",
        re.compile(
            r"内部(?:资料|文件|材料|传阅|掌握|使用)|(?:不得|严禁|请勿|切勿|不要|禁止)(?:对外|向外)?(?:外传|外泄|泄露|扩散)"
        ),
    ),
)


def mark_in(text: str) -> str:
    """Return which mark of secret material a text carries; empty for none."""
    plain = unicodedata.normalize("NFKC", text)
    return next((name for name, pattern in _MARKS if pattern.search(plain)), "")
