"""Rules and score card together: who gives a label, and who takes one back."""

from collections.abc import Collection

from bot.classify.scores import EMERGENCY, NAMES, ScoreCard
from bot.events import Classification, Label, RuleHit

PREFIX = "score."
CALLED_OFF = Label.CANCEL_OR_EXEMPT  # words that call a demand off look to the card like that demand
_PLACE = {name: place for place, name in enumerate(NAMES)}


def combine(found: Classification, body: str, card: ScoreCard, local: Collection[str]) -> Classification:
    """Return what rules and score card say together.

    The card adds a label whose score is above `alone`, and takes back one that only our own rules gave while
    its score is not above `with_rule`; so with the emergency flag, whose limits err towards yes. What a county's
    own rules or words (`local`) give stands.
    """
    scores = card.scores(body)
    have = found.labels
    given = {*have, EMERGENCY} if found.emergency else have
    more = [name for name, score, limit in zip(NAMES, scores, card.alone, strict=True) if score > limit]
    more = [name for name in more if name not in given and not (_is_demand(name) and CALLED_OFF in given)]
    doubted = [name for name in given if scores[_PLACE[name]] <= card.with_rule[_PLACE[name]]]
    if not more and not doubted:
        return found
    names = {*given, *more}
    hits = list(found.hits)
    blocked = list(found.blocked)
    for name in doubted:
        own = [hit for hit in hits if hit.label == name]
        if not any(_is_local(hit, local) for hit in own):
            names.discard(name)
            hits = [hit for hit in hits if hit not in own]
            against = f"计分 {scores[_PLACE[name]]:.1f}"
            blocked += [RuleHit(hit.rule_id, hit.label, hit.matched, against) for hit in own]
    hits += [RuleHit(PREFIX + name, name, "、".join(card.reasons(body, name))) for name in more]
    labels = frozenset(Label(name) for name in names if name != EMERGENCY)
    return Classification(labels, EMERGENCY in names, tuple(hits), tuple(blocked))


def _is_demand(name: str) -> bool:
    return name.endswith("_demand")


def _is_local(hit: RuleHit, local: Collection[str]) -> bool:
    return hit.rule_id in local or any(word in hit.matched for word in local)
