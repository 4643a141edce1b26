"""Quotations as exporters write them into a text. Pure."""

import re

from bot.events import Quote

_NAME_LENGTH = 64
_CHATLOG_NAME = re.compile(
    r"> (.{0,80}?)(?:\([\w@.\-]{0,64}\))? (?:\d{4}-)?(?:\d\d-\d\d )?\d\d:\d\d(?::\d\d)?"
)


def split_quote(text: str) -> tuple[Quote | None, str]:
    r"""Split a reply from what it quotes.

    WeFlow writes `回复[引用 张三：内容]`, MemoTrace `回复\n引用:张三:内容`, PyWxDump
    `回复\n\n[引用](2024-01-02 08:00:00)张三:内容`.
    """
    if "引用" not in text:
        return None, text
    if (begin := text.find("\n[引用](")) >= 0 and (end := text.find(")", begin, begin + 50)) > 0:
        return _quoted(text[end + 1 :], ":"), text[:begin].strip()
    if (begin := text.find("\n引用:")) >= 0:
        quoted = text[begin + 4 :].strip()
        return _quoted("" if quoted == "未知" else quoted, ":"), text[:begin].strip()
    if text.endswith("]") and (begin := text.find("[引用 ")) >= 0:
        return _quoted(text[begin + 4 : -1], "："), text[:begin].strip()
    return None, text


def _quoted(text: str, colon: str) -> Quote:
    name, found, words = text.partition(colon)
    if not found or len(name) > _NAME_LENGTH or "\n" in name:
        return Quote(text)
    return Quote(words, None, name.strip())


def split_marked(text: str) -> tuple[Quote | None, str]:
    """Split the `> ` lines that chatlog puts before a reply: the first names the sender, if it looks so."""
    if not text.startswith("> "):
        return None, text
    lines = text.split("\n")
    end = next((index for index, line in enumerate(lines) if not line.startswith("> ")), len(lines))
    quoted, name = lines[:end], ""
    if found := _CHATLOG_NAME.fullmatch(quoted[0]):
        name, quoted = found[1], quoted[1:]
    words = "\n".join(line[2:] for line in quoted)
    return Quote("" if words == "[引用]" else words, None, name), "\n".join(lines[end:])
