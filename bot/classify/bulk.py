"""Judges many messages at once: the same sums as `ScoreCard` and `Judge`, over arrays instead of one by one.

Histories have a million messages, and an array's fixed cost is soon paid back: twenty messages at once are
quicker so than one after the other, and five hundred take a quarter of the time.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from bot.classify.judge import GROUPS, KNEES, NOTHING, Judge, Opinion
from bot.classify.scores import DELIMITERS, EMERGENCY, NAMES, SCALE, SHORTEST, START, ScoreCard, prepared

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_NONE = -1
_NUMBER_BITS = 20  # of a key that holds a clause and the number of a piece


class BulkCard:
    """A score card as arrays."""

    def __init__(self, card: ScoreCard) -> None:
        self._base = np.array(card.base)
        self._rows = np.array(card.rows, np.int64).reshape(-1, len(NAMES) + 1)
        letters = sorted({letter for piece in card.pieces for letter in piece})
        self._size = len(letters) + 1
        self._code = np.zeros(max(map(ord, letters), default=0) + 2, np.int64)  # 0: in no piece
        self._code[[ord(letter) for letter in letters]] = np.arange(1, self._size)
        self._is_mark = np.zeros(len(self._code), np.bool_)
        self._is_mark[[ord(mark) for mark in DELIMITERS if ord(mark) < len(self._code)]] = True
        pieces = {piece: number for number, piece in enumerate(card.pieces) if _can_occur(piece)}
        code = dict(zip(letters, range(1, self._size), strict=True))
        self._single = np.array([_NONE, *(pieces.get(letter, _NONE) for letter in letters)], np.int64)
        pairs = sorted({piece[:2] for piece in pieces if len(piece) > 1})
        self._pair = _Branch(
            (code[pair[0]] * self._size + code[pair[1]] for pair in pairs),
            (pieces.get(pair, _NONE) for pair in pairs),
        )
        place = {pair: number for number, pair in enumerate(pairs)}
        triples = sorted(piece for piece in pieces if len(piece) > 2)
        self._triple = _Branch(
            (place[piece[:2]] * self._size + code[piece[2]] for piece in triples),
            (pieces[piece] for piece in triples),
        )

    def scores(self, bodies: Sequence[str]) -> tuple[Floats, Floats]:
        """Return the scores of the whole texts and of their best clauses: a row a text, a column a name."""
        texts = [prepared(body) for body in bodies]
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        raw = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
        letters = np.minimum(raw, len(self._code) - 1)
        text = np.repeat(np.arange(len(texts)), lengths)
        is_mark = self._is_mark[letters]
        clause = np.cumsum(is_mark) - is_mark + text
        numbers, clauses = self._found(self._code[letters], clause, is_mark)
        clauses, numbers = _distinct(clauses, numbers)
        count = len(texts) + int(is_mark.sum())
        text_of = np.empty(count, np.int64)
        text_of[clause] = text
        size = np.bincount(clause, minlength=count) + np.bincount(clause[is_mark] + 1, minlength=count)
        of_clauses = self._scaled(clauses, numbers, count)
        parts = np.bincount(text_of, minlength=len(texts))
        whole = of_clauses[np.cumsum(parts) - parts]
        mixed = np.flatnonzero(parts[text_of[clauses]] > 1)
        groups, numbers = _distinct(text_of[clauses[mixed]], numbers[mixed])
        whole[parts > 1] = self._scaled(groups, numbers, len(texts))[parts > 1]
        long = np.flatnonzero(size >= SHORTEST)
        several = np.bincount(text_of[long], minlength=len(texts)) > 1
        best = whole.copy()
        long = long[several[text_of[long]]]
        if len(long):
            best[several] = np.maximum.reduceat(of_clauses[long], _starts(text_of[long]))
        return whole, best

    def _found(self, letters: Ints, clause: Ints, is_mark: npt.NDArray[np.bool_]) -> tuple[Ints, Ints]:
        """Return the numbers of all pieces found, and the clause of each; a mark belongs to both its neighbours."""
        single = self._single[letters]
        at, pair, branch = self._pair.find(letters[:-1] * self._size + letters[1:])
        third = np.append(letters, 0)[at + 2]
        which, triple, _ = self._triple.find(branch * self._size + third)
        numbers = np.concatenate((single, single[is_mark], pair, triple))
        clauses = np.concatenate((clause, clause[is_mark] + 1, clause[at + 1], clause[at[which] + 2]))
        known = numbers != _NONE
        return numbers[known], clauses[known]

    def _scaled(self, groups: Ints, numbers: Ints, count: int) -> Floats:
        """Return the scores of `count` groups of pieces."""
        scores = np.tile(self._base, (count, 1))
        if len(groups):
            starts = _starts(groups)
            sums = np.add.reduceat(self._rows.take(numbers, axis=0), starts)
            factor = 1 / np.sqrt(sums[:, -1:] * SCALE)
            scores[groups[starts]] = sums[:, :-1] * factor + self._base
        return scores


class _Branch:
    """What pieces go on with: ascending keys, with the number of the piece that ends there (or none)."""

    def __init__(self, keys: Iterable[int], numbers: Iterable[int]) -> None:
        self._keys = np.array([*keys, np.iinfo(np.int64).max], np.int64)
        self._numbers = np.array([*numbers, _NONE], np.int64)

    def find(self, keys: Ints) -> tuple[Ints, Ints, Ints]:
        """Return which of the keys are known, and for each of those the number of its piece and its own place."""
        place = np.searchsorted(self._keys, keys)
        which = np.flatnonzero(self._keys[place] == keys)
        place = place[which]
        return which, self._numbers[place], place


def _can_occur(piece: str) -> bool:
    """Return whether a piece fits into a clause of one text."""
    return START not in piece[1:] and not set(DELIMITERS).intersection(piece[1:-1])


def _distinct(groups: Ints, numbers: Ints) -> tuple[Ints, Ints]:
    keys = groups << _NUMBER_BITS | numbers
    keys.sort()
    keys = keys[_starts(keys)]
    return keys >> _NUMBER_BITS, keys & ((1 << _NUMBER_BITS) - 1)


def _starts(ordered: Ints) -> Ints:
    """Return where each run of equal values begins."""
    if not len(ordered):
        return np.empty(0, np.int64)
    return np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))


def looked_at(whole: Floats, clause: Floats) -> Floats:
    """Return what the judge looks at in the scores, in the order of its heads."""
    first = np.zeros_like(whole)
    labels = whole[:, : NAMES.index(EMERGENCY)]
    first[np.arange(len(whole)), labels.argmax(axis=1)] = 1
    parts = {"score": whole, "clause": clause, "first": first} | {
        name: np.maximum(whole - knee, 0) for name, knee in KNEES.items()
    }
    return np.hstack([parts[group] for group in GROUPS])


def opinions(judge: Judge, whole: Floats, clause: Floats) -> list[Opinion]:
    """Return what the judge says of each row of scores."""
    sums = looked_at(whole, clause) @ np.array(judge.matrix) + judge.base
    likely = np.maximum(whole, clause) > judge.floor
    unsure = likely & (np.abs(sums) < judge.band)
    given = likely & ~unsure & (sums > 0)
    places: dict[int, list[int]] = {}
    for row, place in _where(given):
        places.setdefault(row, []).append(place)
    totals: dict[int, list[tuple[int, float]]] = {}
    for (row, place), total in zip(_where(unsure), sums[unsure].tolist(), strict=True):
        totals.setdefault(row, []).append((place, total))
    found = [NOTHING] * len(whole)
    for row in places.keys() | totals.keys():
        found[row] = Opinion(tuple(places.get(row, ())), tuple(totals.get(row, ())))
    return found


def _where(true: npt.NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    rows, columns = np.nonzero(true)
    return zip(rows.tolist(), columns.tolist(), strict=True)
