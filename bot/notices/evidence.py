"""What two texts laid side by side show: small observations that speak for or against one matter.

The scale weighs them. None of them decides alone: that a word is exchanged for another in an unchanged frame
says template, the same exchange amid other changes says synonym.
"""

from collections.abc import Iterable

from rapidfuzz.distance import LCSseq, Postfix, Prefix

from bot.notices.alignment import TELLING, Alignment, in_place, mass
from bot.notices.differences import denied, kinds_apart
from bot.notices.slots import CONTENT, Features, Item, Slot

_SHORT = 6  # letters: what is exchanged for one another in a template is a word or two
_SHARED_SLOTS = (
    Slot.OBJECT, Slot.ACTION, Slot.ADDRESSEE, Slot.NUMBER, Slot.PERIOD, Slot.SUBJECT, Slot.WHERE
)  # fmt: skip
_FEW = 2  # letters
_MOST = 4.0
_TOPIC = 100  # the weight of a word that says by itself what a notice is about
LITTLE = 60  # shared weight that is enough when neither text says much else
SPECIFIC = 100  # shared weight below which two texts have too little in common
MUTUAL = 0.75  # share of the richer text from which neither says much else
HALF = 0.5

Evidence = dict[str, float]


def observe(a: Features, b: Features, found: Alignment) -> Evidence:
    """Return all observations by name; the same whichever text comes first."""
    return {**_words(a, b, found), **_slots(a, b), **_times(a, b), **_letters(a, b), **_core(a, b)}


def _words(a: Features, b: Features, found: Alignment) -> Evidence:
    """Compare by meaningful words: what is shared, what each has alone, what stands in the other's place."""
    masses = sorted((mass(found.left) / 100, mass(found.right) / 100))
    counts = sorted((_telling(found.left), _telling(found.right)))
    exchanged = in_place(found)
    between = shared_letter = topic = False
    if exchanged:
        mine, yours = exchanged
        before = mine[0].before and mine[0].before == yours[0].before
        after = mine[-1].after and mine[-1].after == yours[-1].after
        between = bool(before and after)
        shared_letter = bool({c for i in mine for c in i.chars} & {c for i in yours for c in i.chars})
        topic = not shared_letter and all(
            any(item.slot is Slot.SUBJECT and item.weight >= _TOPIC for item in run) for run in exchanged
        )
    topics = _topics(a), _topics(b)
    mine_order, yours_order = _order(a), _order(b)
    common = set(mine_order) & set(yours_order)
    kept = [value for value in mine_order if value in common], [v for v in yours_order if v in common]
    return {
        "words.contained": found.contained,
        "words.mutual": found.mutual,
        "words.shared": min(found.shared / 100, _MOST),
        "words.alone_less": min(masses[0], _MOST),
        "words.alone_more": min(masses[1], _MOST),
        "words.alone_share": min(found.conflict / max(found.shared, 50), _MOST),
        "words.count_less": counts[0],
        "words.count_more": counts[1],
        "words.exchanged": exchanged is not None,
        "words.exchanged_between": between,
        "words.exchanged_alike": shared_letter,
        "words.exchanged_topic": topic,
        "words.in_order": LCSseq.normalized_similarity(mine_order, yours_order),
        "words.moved": len(kept[0]) - LCSseq.similarity(*kept),
        "words.topics": min(len(topics[0] & topics[1]), _MOST),
        "words.no_topic": all(topics) and not topics[0] & topics[1],
        "words.outweighed": _outweighed(found),
        "words.enough": _enough(found),
    }


def _topics(features: Features) -> set[int]:
    """Return the words that say what it is about, whoever and whatever is asked."""
    return {item.value for item in features.items if item.slot is Slot.SUBJECT and item.weight >= TELLING}


def _outweighed(found: Alignment) -> bool:
    """Tell whether what each has alone counts for more than half of what they share; in a copy any word does."""
    return found.conflict >= max(LITTLE if found.is_copy else found.shared / 2, 1)


def _enough(found: Alignment) -> bool:
    """Tell whether they share enough: more, when both also say much else; half of the poorer text at least."""
    needed = LITTLE if found.mutual >= MUTUAL else SPECIFIC
    return found.shared >= needed and found.contained >= HALF


def _slots(a: Features, b: Features) -> Evidence:
    """Compare slot by slot; those that set two notices apart by themselves are for `compare`, not weighed."""
    seen: Evidence = {
        "apart.state": kinds_apart(a, b, Slot.STATE) is not None,
        "apart.denied": denied(a, b) is not None,
        "cancels.one": a.cancels != b.cancels,
        "cancels.both": a.cancels and b.cancels,
        "asks.one": a.asks != b.asks,
    }
    for slot in _SHARED_SLOTS:
        mine = {item.value for item in a.items if item.slot is slot}
        yours = {item.value for item in b.items if item.slot is slot}
        name = slot.name.lower()
        seen[f"both.{name}"] = min(len(mine & yours), _MOST)
        seen[f"only_one.{name}"] = bool(mine) != bool(yours)
        seen[f"each_own.{name}"] = bool(mine - yours) and bool(yours - mine)
    return seen


def _times(a: Features, b: Features) -> Evidence:
    mine = {(moment.day, moment.minute) for moment in a.moments}
    yours = {(moment.day, moment.minute) for moment in b.moments}
    return {
        "times.shared": bool(mine & yours),
        "times.only_one": bool(mine) != bool(yours),
        "times.none": not mine and not yours,
    }


def _letters(a: Features, b: Features) -> Evidence:
    """Compare letter by letter: one frame with another word in it is a template, other letters are a rewording."""
    mine, yours = a.frame, b.frame
    lengths = sorted((len(mine), len(yours)))
    less, more = max(lengths[0], 1), max(lengths[1], 1)
    head = Prefix.similarity(mine, yours)
    tail = min(Postfix.similarity(mine, yours), lengths[0] - head)
    rest = len(mine) - head - tail, len(yours) - head - tail
    in_order = LCSseq.similarity(mine, yours)
    marks = set(mine), set(yours)
    both = len(marks[0] & marks[1])
    pairs = set(a.grams), set(b.grams)
    both_pairs = len(pairs[0] & pairs[1])
    exchanged = all(0 < part <= _SHORT for part in rest)
    edges = (head + tail) / more
    return {
        "letters.edges": edges,
        "letters.exchanged": exchanged,
        "letters.exchanged_in_copy": exchanged and edges > 0.5,
        "letters.inserted": min(rest) == 0,
        "letters.in_order_less": in_order / less,
        "letters.in_order_more": in_order / more,
        "letters.shared": both / max(len(marks[0] | marks[1]), 1),
        "letters.shared_less": both / max(min(map(len, marks)), 1),
        "letters.alone_less": min(len(marks[0] - marks[1]), len(marks[1] - marks[0])),
        "letters.alone_more": max(len(marks[0] - marks[1]), len(marks[1] - marks[0])),
        "pairs.shared": both_pairs / max(len(pairs[0] | pairs[1]), 1),
        "pairs.shared_less": both_pairs / max(min(map(len, pairs)), 1),
        "length.ratio": lengths[0] / more,
        "length.less": lengths[0],
    }


def _core(a: Features, b: Features) -> Evidence:
    """Compare the letters of words that can tell notices apart, in any order."""
    mine, yours = set(a.letters), set(b.letters)
    both = len(mine & yours)
    less, more = sorted((len(mine - yours), len(yours - mine)))
    size = min(len(mine), len(yours))
    return {
        "core.alone_less": less,
        "core.alone_more": more,
        "core.none_alone": less == 0,
        "core.exchanged": less > 0 and more <= _FEW,
        "core.shared": both / max(len(mine | yours), 1),
        "core.shared_less": both / max(size, 1),
        "core.size": size,
    }


def _telling(items: Iterable[Item]) -> int:
    return sum(item.slot in CONTENT and item.weight >= TELLING for item in items)


def _order(features: Features) -> list[int]:
    skipped = (Slot.TARGET, Slot.STATE, Slot.DENIED)
    return [item.value for item in features.items if item.slot not in skipped]
