"""The pattern language of the rules: from words and concepts to a regular expression over symbols.

A message becomes a string with one symbol a word; words of the same concepts share a symbol. A pattern is
a row of items between spaces:

    {照片}        a word of the concept; {照片|视频} of either; {!照片} any word but these
    回复          this very word; [回|复] any of these words
    ~4            up to 4 words in between, inside the clause; ~ alone is 6
    …8            up to 8 words in between, commas allowed, inside the sentence; … alone is 8
    ^ ^^ ^^^      start of clause, sentence, message;  $ $$ $$$ their ends
    ( a | b )     either; any item may end in ? for "or not at all"
    !( a )        not followed by
    {#} number, {字} any word, {，} comma or space, {。} end of sentence, {？} question mark, {：} colon,
    {、} list comma, {【} and {】} heading brackets, {（} and {）} parentheses, {@} a mention

Nothing in it repeats without bound, so a pattern cannot run away; `regex` rules are checked by
`check_regex`.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from bot.errors import RuleError

STOP, ASK, COMMA, COLON, LIST = "S", "Q", "C", "K", "L"
OPEN, CLOSE, LEFT, RIGHT, CALL = "(", ")", "<", ">", "@"
MARKS: Mapping[str, str] = {
    "，": COMMA, "。": STOP, "？": ASK, "：": COLON, "、": LIST, "【": LEFT, "】": RIGHT, "（": OPEN,
    "）": CLOSE, "@": CALL,
}  # fmt: skip
SENTENCE_ENDS = "SQ<>"
CLAUSE_ENDS = "SQCK<>@"
GAP_MAX = 40

_ITEM = re.compile(r"\{(?P<concept>[^{}]+)\}|\[(?P<words>[^\[\]]+)\]|(?P<gap>[~…])(?P<count>\d*)"
                   r"|(?P<edge>\^{1,3}|\${1,3})|(?P<open>!?\()|(?P<close>\))|(?P<bar>\|)|(?P<word>[^\s{}\[\]()|~…^$!?]+)")  # fmt: skip
_EDGES = {
    "^": f"(?<![^{CLAUSE_ENDS}])",
    "^^": f"(?<![^{SENTENCE_ENDS}])",
    "^^^": r"\A",
    "$": f"(?![^{CLAUSE_ENDS}])",
    "$$": f"(?![^{SENTENCE_ENDS}])",
    "$$$": r"\Z",
}

SymbolsOf = Callable[[str], str]  # of a concept, or of the word "=word"
Cut = Callable[[str], list[str]]


def words_of(pattern: str) -> set[str]:
    """Return the literal words that the pattern names."""
    words: set[str] = set()
    for item in _ITEM.finditer(pattern):
        if item["word"]:
            words.add(item["word"])
        elif item["words"]:
            words.update(item["words"].split("|"))
        elif item["concept"]:
            words.update(n[1:] for n in item["concept"].lstrip("!").split("|") if n.startswith("="))
    return words - MARKS.keys()


def concepts_of(pattern: str) -> set[str]:
    """Return the names of the concepts that the pattern uses, marks and built-in ones aside."""
    names: set[str] = set()
    for item in _ITEM.finditer(pattern):
        if item["concept"]:
            names.update(item["concept"].lstrip("!").split("|"))
    return {n for n in names if n not in MARKS and n not in {"#", "字"} and not n.startswith("=")}


def _one_of(names: Iterable[str], symbols_of: SymbolsOf, cut: Cut) -> tuple[str, frozenset[str]]:
    """Return the expression for any of the names, and the symbols of which it surely needs one.

    A literal that the tokenizer cuts in several words becomes their row.
    """
    single: list[str] = []
    rows: list[str] = []
    needs: set[str] = set()
    for name in names:
        words = [] if name in MARKS or not name.startswith("=") else cut(name[1:])
        if len(words) > 1:
            row = [symbols_of("=" + word) for word in words]
            rows.append("".join(f"[{re.escape(chars)}]" for chars in row))
            needs.update(row[0])
        else:
            chars = MARKS.get(name) or symbols_of(name)
            single.append(chars)
            needs.update(chars)
    chars = "".join(single)
    parts = ([f"[{re.escape(chars)}]"] if chars else []) + sorted(rows, key=len, reverse=True)
    if not parts:
        return r"(?!)", frozenset()
    return parts[0] if len(parts) == 1 else "(?:" + "|".join(parts) + ")", frozenset(needs)


def compile_pattern(pattern: str, symbols_of: SymbolsOf, cut: Cut) -> tuple[str, tuple[frozenset[str], ...]]:
    """Return the regular expression of the pattern, and the sets of symbols of each of which it needs one.

    `symbols_of` gives the symbols of a concept, or of the word "=word"; `cut` the words of a literal. The smallest set comes first; no set
    means: may match anything. Raises RuleError when the pattern is not of the language.
    """
    out: list[str] = []
    needs: set[frozenset[str]] = set()
    depth = 0
    at = 0
    while at < len(pattern):
        if pattern[at].isspace():
            at += 1
            continue
        item = _ITEM.match(pattern, at)
        if item is None:
            raise RuleError(
                f"pattern {pattern!r}: cannot read {pattern[at : at + 8]!r}; see bot/classify/pattern.py"
            )
        at = item.end()
        optional = pattern[at : at + 1] == "?"
        if optional:
            at += 1
        if item["gap"]:
            stops = SENTENCE_ENDS if item["gap"] == "…" else CLAUSE_ENDS
            count = int(item["count"] or (8 if item["gap"] == "…" else 6))
            if count > GAP_MAX:
                raise RuleError(f"pattern {pattern!r}: a gap of {count} words is too wide; at most {GAP_MAX}")
            out.append(f"[^{stops}]{{0,{count}}}?")
            continue
        if item["edge"]:
            out.append(_EDGES[item["edge"]])
            continue
        if item["open"]:
            depth += 1
            out.append("(?!" if item["open"] == "!(" else "(?:")
            continue
        if item["close"]:
            depth -= 1
            out.append(")?" if optional else ")")
            continue
        if item["bar"]:
            out.append("|")
            continue
        if item["concept"]:
            negated = item["concept"].startswith("!")
            names = item["concept"].lstrip("!").split("|")
        else:
            negated = False
            names = [w if w in MARKS else "=" + w for w in (item["words"] or item["word"]).split("|")]
        if names == ["字"]:
            part, needed = f"[^{CLAUSE_ENDS}]", frozenset[str]()
        elif negated:
            chars = "".join(MARKS.get(name) or symbols_of(name) for name in names)
            part, needed = f"[^{CLAUSE_ENDS}{re.escape(chars)}]", frozenset[str]()
        else:
            part, needed = _one_of(names, symbols_of, cut)
        out.append((f"(?:{part})?" if len(part) > 1 else part + "?") if optional else part)
        if depth == 0 and not optional and needed:
            needs.add(needed)
    if depth:
        raise RuleError(f"pattern {pattern!r}: brackets do not match; write ( a | b )")
    return "".join(out), tuple(sorted(needs, key=lambda chars: (len(chars), sorted(chars))))
