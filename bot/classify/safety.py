"""Refuses regular expressions that could run away on some message."""

import re
from re import _constants as sre  # type: ignore[attr-defined] # the parse tree has no public module
from re import _parser as sre_parser  # type: ignore[attr-defined]
from typing import Any

from bot.errors import RuleError

REPEAT_MAX = 200
_REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)


def check_regex(expression: str) -> None:
    """Raise RuleError when the expression is invalid, nests repeats, repeats without bound or refers back."""
    try:
        tree = sre_parser.parse(expression)
    except re.error as error:
        raise RuleError(f"regex {expression!r} is not valid: {error}") from error
    _walk(tree, expression, inside=False)


def _walk(tree: Any, expression: str, *, inside: bool) -> None:
    for operator, argument in tree:
        if operator in _REPEATS:
            _, high, body = argument
            if high is sre.MAXREPEAT or high > REPEAT_MAX:
                raise RuleError(
                    f"regex {expression!r} repeats without bound; write {{0,{REPEAT_MAX}}} or less instead of * or +"
                )
            if inside and high > 1:
                raise RuleError(
                    f"regex {expression!r} repeats inside a repeat; write it without one of the two"
                )
            _walk(body, expression, inside=inside or high > 1)
        elif operator is sre.SUBPATTERN:
            _walk(argument[3], expression, inside=inside)
        elif operator is sre.BRANCH:
            if inside:
                raise RuleError(f"regex {expression!r} repeats a choice; write the choice once, or as [...]")
            for branch in argument[1]:
                _walk(branch, expression, inside=inside)
        elif operator in (sre.ASSERT, sre.ASSERT_NOT):
            _walk(argument[1], expression, inside=inside)
        elif operator is sre.ATOMIC_GROUP:
            _walk(argument, expression, inside=inside)
        elif operator in (sre.GROUPREF, sre.GROUPREF_EXISTS):
            raise RuleError(f"regex {expression!r} refers back to a group; write the words out")
