"""Rules and score card together: who gives a label, and who takes one back."""

from collections.abc import Collection

from bot.classify.scores import EMERGENCY, NAMES, ScoreCard
from bot.events import Classification, Label, RuleHit

PREFIX = "score."
_PLACE = {Label(name): place for place, name in enumerate(NAMES) if name != EMERGENCY}


def combine(found: Classification, body: str, card: ScoreCard, local: Collection[str]) -> Classification:
    """Return what rules and score card say together.

    The card adds a label whose score is above `alone`, and takes back one that only our own rules gave while
    its score is not above `with_rule`. What a county's own rules or words (`local`) give stands, and an emergency is
    never taken back.
    """
    scores = card.scores(body)
    have = found.labels
    more = [name for name, score, limit in zip(NAMES, scores, card.alone, strict=True) if score > limit]
    more = [name for name in more if name not in have and not (name == EMERGENCY and found.emergency)]
    doubted = [label for label in have if scores[_PLACE[label]] <= card.with_rule[_PLACE[label]]]
    if not more and not doubted:
        return found
    labels = set(have)
    hits = list(found.hits)
    blocked = list(found.blocked)
    for label in doubted:
        own = [hit for hit in hits if hit.label == label.value]
        if not any(_is_local(hit, local) for hit in own):
            labels.discard(label)
            hits = [hit for hit in hits if hit not in own]
            against = f"计分 {scores[_PLACE[label]]:.1f}"
            blocked += [RuleHit(hit.rule_id, hit.label, hit.matched, against) for hit in own]
    labels.update(Label(name) for name in more if name != EMERGENCY)
    hits += [RuleHit(PREFIX + name, name, "、".join(card.reasons(body, name))) for name in more]
    return Classification(
        frozenset(labels), found.emergency or EMERGENCY in more, tuple(hits), tuple(blocked)
    )


def _is_local(hit: RuleHit, local: Collection[str]) -> bool:
    return hit.rule_id in local or any(word in hit.matched for word in local)
