"""Who is who in one group of an export: names to people, and the mentions in a text."""

import re
import unicodedata

from bot.events import PersonRef

_SURROGATES = re.compile("[\ud800-\udfff]")
_EVERYBODY = re.compile(r"@(?:所有人|全体成员|all(?![\w@.]))", re.IGNORECASE)
_AFTER_NAME = "\u2005"  # what WeChat and QQ put after a mentioned name
_NAME_LENGTH = 64
_MENTIONS = 200


def clean_text(text: str) -> str:
    """Return a text that every database and encoding takes: no NUL, no lone surrogate."""
    if text.isascii() and "\0" not in text:
        return text
    return _SURROGATES.sub("\ufffd", text.replace("\0", ""))


def clean_name(name: str) -> str:
    """Return a name fit for one line of any output: no control or direction characters, at most 64 long."""
    if name.isalnum():
        return name[:_NAME_LENGTH]
    kept = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in name[:512])
    kept = "".join(c for c in clean_text(kept) if c == "\u200d" or unicodedata.category(c) != "Cf")
    return " ".join(kept.split())[:_NAME_LENGTH]


def names_everybody(text: str) -> bool:
    """Whether a text calls everybody by the platform's words."""
    return "@" in text and _EVERYBODY.search(text) is not None


class People:
    """The people of one group as an export shows them. A name that two people bear stands for nobody."""

    def __init__(self, platform: str, group_id: str) -> None:
        self._platform = platform
        self._group_id = group_id.removeprefix("name:")
        self._refs: dict[tuple[str, str], PersonRef] = {}
        self._by_name: dict[str, str | None] = {}

    def ref(self, native_id: str, name: str, *, is_bot: bool = False) -> PersonRef:
        """Return a person; without an id the name within this group stands for one."""
        known = self._refs.get((native_id, name))
        if known is None:
            shown = "" if name == native_id else clean_name(name)  # an id is never kept as a name
            identity = clean_text(native_id) or f"name:{self._group_id}:{shown}"
            known = PersonRef(self._platform, identity, shown, is_bot)
            if len(self._refs) < 100_000:
                self._refs[native_id, name] = known
            self.call(identity, shown)
        return known

    def call(self, native_id: str, name: str) -> None:
        """Remember another name of a person."""
        if name and len(self._by_name) < 200_000:
            known = self._by_name.setdefault(name, native_id)
            if known != native_id:
                self._by_name[name] = None

    def named(self, name: str) -> str | None:
        """Return the native id of the one person with exactly this name."""
        return self._by_name.get(clean_name(name))

    def mentioned(self, text: str) -> tuple[str, ...]:
        """Return the people that a text mentions by `@name`, each once, as far as known by then."""
        if "@" not in text:
            return ()
        found: dict[str, None] = {}
        for part in text.split("@", _MENTIONS + 1)[1 : _MENTIONS + 1]:
            window = part[: _NAME_LENGTH + 1]
            end = window.find(_AFTER_NAME)
            words = [window[:end]] if end >= 0 else window.split(maxsplit=1)[:1]
            person = self._by_name.get(words[0]) if words else None
            if person is not None:
                found[person] = None
        return tuple(found)
