"""Rules, score card and judge together: who gives a label, and who takes one back."""

from collections.abc import Collection, Sequence
from functools import cache

from bot.classify.scores import EMERGENCY, NAMES, ScoreCard
from bot.events import Classification, Label, RuleHit

PREFIX = "score."
AGAINST = "计分不足"


@cache
def by_card(places: tuple[int, ...]) -> Classification:
    """Return what the scores alone gave, as places in `NAMES`; there are only so many."""
    names = [NAMES[place] for place in places]
    hits = tuple(RuleHit(PREFIX + name, name, "") for name in names)
    return Classification(_labels(names), EMERGENCY in names, hits)


def combine(
    found: Classification, body: str, given: Sequence[int], card: ScoreCard, local: Collection[str]
) -> Classification:
    """Return the labels that were `given` (places in `NAMES`) with the rules and pieces that speak for them.

    What a county's own rules or words (`local`) give or take stands above all.
    """
    names = {NAMES[place] for place in given}
    for hit in found.hits:
        if _is_local(hit, local):
            if hit.label.startswith("-"):
                names.difference_update(hit.label[1:].split(","))
            else:
                names.add(hit.label)
    hits = [hit for hit in found.hits if hit.label in names or hit.label.startswith("-")]
    blocked = [RuleHit(hit.rule_id, hit.label, hit.matched, AGAINST) for hit in found.hits if hit not in hits]
    by_pieces = [
        RuleHit(PREFIX + name, name, "、".join(card.reasons(body, name)))
        for name in sorted(names.difference(hit.label for hit in hits))
    ]
    return Classification(_labels(names), EMERGENCY in names, (*hits, *by_pieces), (*found.blocked, *blocked))


def _labels(names: Collection[str]) -> frozenset[Label]:
    return frozenset(_LABELS[name] for name in names if name != EMERGENCY)


def _is_local(hit: RuleHit, local: Collection[str]) -> bool:
    return hit.rule_id in local or any(word in hit.matched for word in local)


_LABELS = {label.value: label for label in Label}
