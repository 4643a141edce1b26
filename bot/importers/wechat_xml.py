"""What stands in WeChat's own markup: titles, files, quotations, recalled ids. Pure.

Regular expressions instead of an XML parser: exporters cut and escape the markup so that it is often not
well-formed, and only a few leaves are wanted.
"""

import html
import re

from bot.events import Quote

LIMIT = 200_000  # characters; markup is never that long
_REFER, _REFER_END = "<refermsg>", "</refermsg>"


def leaf(markup: str, tag: str) -> str:
    """Return the text of the first element with this tag, "" when there is none."""
    begin = markup.find(f"<{tag}>")
    end = markup.find(f"</{tag}>", begin)
    if begin < 0 or end < 0:
        return ""
    text = markup[begin + len(tag) + 2 : end].strip()
    if text.startswith("<![CDATA["):
        return text.removeprefix("<![CDATA[").removesuffix("]]>")
    return html.unescape(text)


def is_markup(text: str) -> bool:
    """Whether a text is WeChat's markup, perhaps after the `wxid_…:` of its sender."""
    start = text[:200].lstrip()
    if start.startswith("<"):
        return "</" in text
    return start.partition(":\n")[2].lstrip().startswith("<") and "</" in text


def share_type(markup: str) -> int:
    """Return the subtype of a share (the `type` of its `appmsg`), 0 when there is none."""
    outer = _split(markup)[0]
    number = leaf(outer[max(outer.find("<appmsg"), 0) :], "type")
    return int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 0


def title(markup: str) -> str:
    """Return the title of a share: the text of a reply, the name of a file, the headline of a link."""
    return leaf(_split(markup)[0], "title")


def quote(markup: str) -> Quote | None:
    """Return what a reply (subtype 57) quotes."""
    refer = _split(markup)[1]
    if not refer:
        return None
    content = leaf(refer, "content")
    if is_markup(content):
        content = title(content)
    return Quote(content, leaf(refer, "svrid") or None, leaf(refer, "displayname"))


def recalled_id(markup: str) -> str:
    """Return the id of the message that a `revokemsg` takes back, "" when it names none."""
    number = leaf(markup[:LIMIT], "newmsgid")
    return number if number.isascii() and number.isdigit() else ""


def plain(text: str) -> str:
    """Return a system message without its markup."""
    inner = leaf(text[:LIMIT], "replacemsg") or leaf(text[:LIMIT], "content") or leaf(text[:LIMIT], "plain")
    return re.sub(r"<[^<>]{0,500}>|\]\]>|<!\[CDATA\[", "", inner or text[:LIMIT]).strip()


def _split(markup: str) -> tuple[str, str]:
    """Return the markup without its quotation, and the quotation."""
    markup = markup[:LIMIT]
    begin = markup.find(_REFER)
    end = markup.find(_REFER_END, begin)
    if begin < 0 or end < 0:
        return markup, ""
    return markup[:begin] + markup[end + len(_REFER_END) :], markup[begin + len(_REFER) : end]
