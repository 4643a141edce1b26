"""Rules and score card together: who gives a label, and who takes one back."""

from collections.abc import Callable

from bot.classify.scores import EMERGENCY, ScoreCard
from bot.events import Classification, Label, RuleHit

PREFIX = "score."


def combine(
    found: Classification, body: str, card: ScoreCard, is_ours: Callable[[str], bool]
) -> Classification:
    """Return what rules and score card say together.

    The card adds a label whose score is above `alone`, and takes back one that only our own rules gave while
    its score is not above `with_rule`; what a county's rules say stands. An emergency is never taken back.
    """
    scores = card.scores(body)
    labels = set(found.labels)
    hits = list(found.hits)
    blocked = list(found.blocked)
    for label in Label:
        score, limit = scores[label.value], card.limits[label.value]
        if label not in labels:
            if score > limit.alone:
                labels.add(label)
                hits.append(_hit(card, body, label.value))
        elif score <= limit.with_rule:
            own = [hit for hit in hits if hit.label == label.value]
            if all(is_ours(hit.rule_id) for hit in own):
                labels.discard(label)
                hits = [hit for hit in hits if hit not in own]
                against = f"计分 {score:.1f}"
                blocked += [RuleHit(hit.rule_id, hit.label, hit.matched, against) for hit in own]
    emergency = found.emergency
    if not emergency and scores[EMERGENCY] > card.limits[EMERGENCY].alone:
        emergency = True
        hits.append(_hit(card, body, EMERGENCY))
    return Classification(frozenset(labels), emergency, tuple(hits), tuple(blocked))


def _hit(card: ScoreCard, body: str, name: str) -> RuleHit:
    return RuleHit(PREFIX + name, name, "、".join(card.reasons(body, name)))
