"""Which command a text calls: pure, over the commands that are loaded."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import opencc

from bot.hooks import Command

_MENTION = re.compile(r"@[^\s@\u2005]+[\s\u2005]*")
_PARTICLES = re.compile(r"[\s。.!！?？,，、~～呢吧啊呀哦]*")
_SEPARATORS = " \u2005\t\n:：,，"
_CODE = re.compile(r"\d{6}")


@dataclass(frozen=True, slots=True)
class Call:
    """A command and the words after its name."""

    command: Command
    words: str


def clean(text: str) -> str:
    """Return what a person meant to type: half width, simplified, without mentions and the leading # or /."""
    text = _plain(text)
    without = _MENTION.sub("", text).strip()
    return without.lstrip("#/").strip()


def find(text: str, commands: Sequence[Command]) -> Call | None:
    """Return the command that a text calls, None for none."""
    for wording in (clean(text), _after_name(text, commands)):
        called = _match(wording, commands)
        if called is not None:
            return called
    return None


def code_in(text: str) -> str | None:
    """Return the 6 digits when the text is a confirmation code and nothing else."""
    wording = clean(text)
    return wording if _CODE.fullmatch(wording) else None


def _match(wording: str, commands: Sequence[Command]) -> Call | None:
    best: Call | None = None
    length = 0
    for command in commands:
        for name in command.names:
            if len(name) <= length or not wording.casefold().startswith(name):
                continue
            rest = wording[len(name) :]
            if command.usage:
                best, length = Call(command, rest.strip(_SEPARATORS)), len(name)
            elif _PARTICLES.fullmatch(rest):
                best, length = Call(command, ""), len(name)
    return best


def _after_name(text: str, commands: Sequence[Command]) -> str:
    # "@减负助手我的负担": no blank between the bot's name and the command.
    text = _plain(text).strip()
    if not text.startswith("@"):
        return ""
    places = [text.find(name) for command in commands for name in command.names if name in text]
    return text[min(places) :] if places else ""


def _plain(text: str) -> str:
    whole = text.encode("utf-8", "replace").decode("utf-8")  # the converter takes no lone surrogate
    return _converter().convert(unicodedata.normalize("NFKC", whole))  # type: ignore[no-any-return]  # untyped


@cache
def _converter() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")
