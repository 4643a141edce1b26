"""Whose lines a 接龙 list has: a line counts for a member only when it can be nobody else's."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

_LINE = re.compile(r"^\s*(?:[#＃]?接龙\s*)?(?:\d{1,3}\s*[.、．)）:：\s]|[①-⑳])\s*(?P<said>\S.*)$")
_LEAST_NAME = 2


def match_chain(text: str, members: Mapping[int, Iterable[str]]) -> tuple[dict[int, str], list[str]]:
    """Return the numbered lines of a list by member, and the lines that match none or several.

    `members` are names by person. A line matches a member whose name it holds as a whole; of names that hold
    one another (王芳, 王芳芳) the longest counts. Two members of one name are never told apart.
    """
    names = {
        person: [name for name in map(_plain, some) if len(name) >= _LEAST_NAME]
        for person, some in members.items()
    }
    matched: dict[int, str] = {}
    unmatched: list[str] = []
    for line in text.splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        said = found["said"].strip()
        person = _only(_plain(said), names)
        if person is None:
            unmatched.append(said)
        else:
            matched.setdefault(person, said)
    return matched, unmatched


def _only(said: str, names: Mapping[int, list[str]]) -> int | None:
    hits = [(name, person) for person, some in names.items() for name in some if name in said]
    longest = [
        (name, person)
        for name, person in hits
        if not any(name != other and name in other for other, _ in hits)
    ]
    people = {person for _, person in longest}
    return people.pop() if len(people) == 1 else None


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()
