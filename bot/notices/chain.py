"""Reads the lines of a 接龙 list: whose receipt each one is, when that is certain."""

import re
from collections import defaultdict
from collections.abc import Mapping

from bot.classify.normalise import normalise

_NUMBERED = re.compile(r"^\s*[(\[]?\d{1,3}[)\].、,:\s]\s*(?P<rest>.*)$")
_HEAD = re.compile(r"^\s*(?:#?\s*接龙|例[\s:,.])")
_SPLIT = re.compile(r"[^\u3400-\u9fff0-9a-z]+")
_REPLY = re.compile(
    r"(?:已?收到|收悉|知悉|已阅|已?完成|已?报送?|已?参加|已?到岗|到位|同意|确认|好的?|ok|在岗|无异常|正常|请假)+$"
)
# What a nickname says beside a person's own name: it names many, so it tells nobody apart.
_UNIT = re.compile(
    r"(?:村|社区|镇|乡|街道|县|局|办|所|站|科|室|组|中心|学校|小学|中学|医院|公司|班|书记|主任|干事|会计|老师|校长|\d+)$"
)


def match_chain(text: str, members: Mapping[int, tuple[str, ...]]) -> tuple[dict[int, str], tuple[str, ...]]:
    """Match the lines of a list to members by their names in the group; return also the lines left over.

    A line is a member's when it is that member's whole name, or when it holds a personal name that only this
    member has; a line that fits nobody, or several, is left over: never guessed.
    """
    whole: dict[str, set[int]] = defaultdict(set)
    personal: dict[str, set[int]] = defaultdict(set)
    for person, names in members.items():
        for name in names:
            parts = _parts(name)
            whole["".join(parts)].add(person)
            for part in parts:
                if len(part) > 1 and not _UNIT.search(part):
                    personal[part].add(person)
    matched: dict[int, str] = {}
    left: list[str] = []
    for line in _lines(text):
        parts = [part for part in (_REPLY.sub("", part) for part in _parts(line)) if part]
        found = whole.get("".join(parts), set())
        if len(found) != 1:
            found = set().union(*(personal.get(part, set()) for part in parts))
        if len(found) == 1:
            matched.setdefault(next(iter(found)), line)
        else:
            left.append(line)
    return matched, tuple(left)


def _lines(text: str) -> list[str]:
    """Return the numbered lines without their numbers; where none is numbered, all but the head."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not _HEAD.match(line)]
    numbered = [match["rest"].strip() for line in lines if (match := _NUMBERED.match(line))]
    return [line for line in numbered or lines if line]


def _parts(name: str) -> list[str]:
    return [part for part in _SPLIT.split(normalise(name)) if part]
