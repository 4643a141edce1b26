"""Finds all pieces of one to three letters in an array of letters at once."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

NONE = -1


class Trie:
    """Pieces by their letters; a letter that begins none is left behind at once."""

    def __init__(self, pieces: Sequence[str]) -> None:
        letters = sorted(set("".join(pieces)))
        self._size = len(letters) + 1
        code = dict(zip(letters, range(1, self._size), strict=True))
        self._code = np.zeros(max(map(ord, letters), default=0) + 2, np.int64)  # 0: in no piece
        self._code[[ord(letter) for letter in letters]] = np.arange(1, self._size)
        number = {piece: place for place, piece in enumerate(pieces)}
        self._single = np.array([NONE, *(number.get(letter, NONE) for letter in letters)], np.int64)
        pairs = sorted({piece[:2] for piece in pieces if len(piece) > 1})
        self._pair = _Branch(
            (code[pair[0]] * self._size + code[pair[1]] for pair in pairs),
            (number.get(pair, NONE) for pair in pairs),
        )
        place = {pair: at for at, pair in enumerate(pairs)}
        triples = sorted(piece for piece in pieces if len(piece) > 2)
        self._triple = _Branch(
            (place[piece[:2]] * self._size + code[piece[2]] for piece in triples),
            (number[piece] for piece in triples),
        )

    def find(self, text: npt.NDArray[np.uint32]) -> tuple[Ints, Ints]:
        """Return the last letter of every piece in a text of code points, and the place of the piece in the list."""
        letters = self._code[np.minimum(text, len(self._code) - 1)]
        single = self._single[letters]
        at, pair, branch = self._pair.find(letters[:-1] * self._size + letters[1:])
        third = np.append(letters, 0)[at + 2]
        which, triple, _ = self._triple.find(branch * self._size + third)
        ends = np.concatenate((np.arange(len(letters)), at + 1, at[which] + 2))
        pieces = np.concatenate((single, pair, triple))
        known = pieces != NONE
        return ends[known], pieces[known]


class _Branch:
    """What pieces go on with: ascending keys, with the number of the piece that ends there (or none)."""

    def __init__(self, keys: Iterable[int], numbers: Iterable[int]) -> None:
        self._keys = np.array([*keys, np.iinfo(np.int64).max], np.int64)
        self._numbers = np.array([*numbers, NONE], np.int64)

    def find(self, keys: Ints) -> tuple[Ints, Ints, Ints]:
        """Return which of the keys are known, and for each of those the number of its piece and its own place."""
        place = np.searchsorted(self._keys, keys)
        which = np.flatnonzero(self._keys[place] == keys)
        place = place[which]
        return which, self._numbers[place], place
