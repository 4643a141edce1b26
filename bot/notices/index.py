"""Finds the few notices worth comparing with a post, without looking at all of them."""

from collections import Counter
from itertools import islice

from bot.notices.slots import Features, Slot

_LOOKED_AT = 600  # entries of posting lists read for one lookup
_COMPARED = 6  # candidates returned, at most
_NEAR_BEST = 0.5  # share of the best candidate's score below which a candidate is not worth comparing
_IDENTICAL = 4  # of these, at most so many have the very same text
_CONTENT = frozenset((Slot.SUBJECT, Slot.OBJECT, Slot.ACTION))


class NoticeIndex:
    """An inverted index over the content of posts: each word and 2-gram knows the posts that have it.

    A lookup reads the lists of the rarest words first, newest posts first, and stops after a fixed number of
    entries: its cost does not grow with the number of posts. A short reminder shares its rare words with the
    long notice it reminds of, which a whole-text fingerprint would miss.
    """

    def __init__(self) -> None:
        self._lists: dict[int, dict[int, None]] = {}
        self._exact: dict[int, dict[int, None]] = {}
        self._terms: dict[int, tuple[int, dict[int, int]]] = {}

    def __len__(self) -> int:
        return len(self._terms)

    def add(self, key: int, features: Features) -> None:
        """Take a post in."""
        terms = _terms(features)
        self._terms[key] = (features.exact, terms)
        self._exact.setdefault(features.exact, {})[key] = None
        for term in terms:
            self._lists.setdefault(term, {})[key] = None

    def remove(self, key: int) -> None:
        """Drop a post; an unknown key is no error."""
        exact, terms = self._terms.pop(key, (0, {}))
        for table, term in ((self._exact, exact), *((self._lists, term) for term in terms)):
            entries = table.get(term)
            if entries is not None:
                entries.pop(key, None)
                if not entries:
                    del table[term]

    def candidates(self, features: Features) -> list[int]:
        """Return the keys of posts that share rare content with these features, the likeliest first."""
        identical = list(islice(reversed(self._exact.get(features.exact, {})), _IDENTICAL))
        score: Counter[int] = Counter()
        lists = [
            (entries, weight)
            for term, weight in _terms(features).items()
            if (entries := self._lists.get(term))
        ]
        lists.sort(key=lambda pair: len(pair[0]))
        left = _LOOKED_AT
        for entries, weight in lists:
            for key in islice(reversed(entries), left):
                score[key] += weight
            left -= len(entries)
            if left <= 0:
                break
        for key in identical:
            del score[key]
        alike = score.most_common(_COMPARED - len(identical))
        return identical + [key for key, found in alike if found >= _NEAR_BEST * alike[0][1]]


def _terms(features: Features) -> dict[int, int]:
    """Return the terms by which a post is found, with their weights."""
    terms: dict[int, int] = {}
    for item in features.items:
        if item.slot in _CONTENT and item.weight > 15:
            terms[item.value] = max(item.weight, terms.get(item.value, 0))
            for gram in item.grams:
                terms.setdefault(gram, 20)
    return terms
