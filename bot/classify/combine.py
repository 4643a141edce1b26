"""Rules, score card and judge together: who gives a label, and who takes one back."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import cache

from bot.classify.scores import EMERGENCY, NAMES
from bot.events import Classification, Label, RuleHit

PREFIX = "score."
AGAINST = "计分不足"
Reasons = Callable[[str], Sequence[str]]


def no_reasons(_name: str) -> Sequence[str]:
    """Name none: what asks no reasons gets its answer sooner."""
    return ()


@cache
def by_card(places: tuple[int, ...]) -> Classification:
    """Return what the scores alone gave, as places in `NAMES`; there are only so many."""
    names = [NAMES[place] for place in places]
    hits = tuple(RuleHit(PREFIX + name, name, "") for name in names)
    return Classification(_labels(names), EMERGENCY in names, hits)


def combine(
    found: Classification, given: Sequence[int], local: Collection[str], reasons: Reasons = no_reasons
) -> Classification:
    """Return the labels that were `given` (places in `NAMES`) with the rules and pieces that speak for them.

    What a county's own rules or words (`local`) give or take stands above all. `reasons` names the pieces that
    speak most for a label.
    """
    names = {NAMES[place] for place in given}
    for hit in found.hits:
        if _is_local(hit, local):
            if hit.label.startswith("-"):
                names.difference_update(hit.label[1:].split(","))
            else:
                names.add(hit.label)
    hits: list[RuleHit] = []
    blocked = list(found.blocked)
    for hit in found.hits:
        if hit.label in names or hit.label.startswith("-"):
            hits.append(hit)
        else:
            blocked.append(replace(hit, blocked_by=AGAINST))
    by_pieces = [
        RuleHit(PREFIX + name, name, "、".join(reasons(name)))
        for name in sorted(names.difference(hit.label for hit in hits))
    ]
    return Classification(_labels(names), EMERGENCY in names, (*hits, *by_pieces), tuple(blocked))


def _labels(names: Collection[str]) -> frozenset[Label]:
    return frozenset(_LABELS[name] for name in names if name != EMERGENCY)


def _is_local(hit: RuleHit, local: Collection[str]) -> bool:
    return hit.rule_id in local or any(word in hit.matched for word in local)


_LABELS = {label.value: label for label in Label}
