"""Cuts text into words: jieba is the reference, rjieba the fast one; both give the same words.

HMM stays off: it invents words, and the two would not agree. Words of our lexicon get a fixed frequency,
so that adding them in any order gives the same cut.
"""

import logging
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, Protocol

from bot.errors import ConfigError

TokenizerKind = Literal["auto", "rjieba", "jieba"]


class Tokenizer(Protocol):
    """Something that cuts text into words without losing a character."""

    name: str

    def cut(self, text: str) -> list[str]:
        """Return the words of the text in order; joined they are the text."""
        ...

    def with_words(self, words: Iterable[str]) -> "Tokenizer":
        """Return a tokenizer that knows these words instead of those it was made with."""
        ...


def _frequencies(words: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield each word with how often it is taken to occur in the 60 million words of jieba's dictionary.

    High enough that a word of ours is preferred to its parts; longer ones are preferred to shorter ones. No
    two are equally frequent: the implementations would break the tie in different ways. A word with "-" in
    front is to be cut into its parts: it occurs never.
    """
    for word in words:
        if word.startswith("-"):
            yield word[1:], 0
        elif len(word) > 1:
            yield word, 1500 * len(word) + zlib.crc32(word.encode()) % 997


class JiebaTokenizer:
    """The reference, in Python."""

    name = "jieba"

    def __init__(self, words: Iterable[str], cache_dir: Path) -> None:
        import jieba  # noqa: PLC0415 - it sets up logging when imported

        logger = logging.getLogger("jieba")
        logger.handlers.clear()
        logger.setLevel(logging.WARNING)
        self._cache_dir = cache_dir
        self._jieba = jieba.Tokenizer()
        cache_dir.mkdir(parents=True, exist_ok=True)
        self._jieba.tmp_dir = str(cache_dir)
        self._jieba.initialize()
        for word, frequency in _frequencies(words):
            before = self._jieba.FREQ.get(word, 0)
            self._jieba.add_word(word, frequency)
            self._jieba.total -= (
                before  # jieba forgets to; the sum decides near ties, and rjieba has it right
            )

    def cut(self, text: str) -> list[str]:
        """Return the words of the text in order; joined they are the text."""
        return self._jieba.lcut(text, HMM=False)  # type: ignore[no-any-return] # jieba has no types

    def with_words(self, words: Iterable[str]) -> "JiebaTokenizer":
        """Return a tokenizer that knows these words instead of those it was made with."""
        return JiebaTokenizer(words, self._cache_dir)


class RjiebaTokenizer:
    """The fast one, in Rust."""

    name = "rjieba"

    def __init__(self, words: Iterable[str]) -> None:
        import rjieba  # noqa: PLC0415 - not on every machine

        self._rjieba = rjieba.Jieba()
        for word, frequency in _frequencies(words):
            self._rjieba.add_word(word, frequency, None)

    def cut(self, text: str) -> list[str]:
        """Return the words of the text in order; joined they are the text."""
        return self._rjieba.cut(text, False)

    def with_words(self, words: Iterable[str]) -> "RjiebaTokenizer":
        """Return a tokenizer that knows these words instead of those it was made with."""
        return RjiebaTokenizer(words)


def make_tokenizer(kind: TokenizerKind, words: Iterable[str], cache_dir: Path) -> Tokenizer:
    """Return the tokenizer asked for; "auto" is rjieba where it is installed, else jieba.

    jieba keeps its cache in `cache_dir`. Raises ConfigError when rjieba is asked for by name and missing.
    """
    if kind == "jieba":
        return JiebaTokenizer(words, cache_dir)
    words = tuple(words)
    try:
        return RjiebaTokenizer(words)
    except ImportError as error:
        if kind == "rjieba":
            raise ConfigError(
                'tokenizer "rjieba" is not installed here; use "auto" or "jieba", or install rjieba'
            ) from error
        return JiebaTokenizer(words, cache_dir)
