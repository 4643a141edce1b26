"""Finds all pieces of one to three letters in an array of letters at once."""

from collections.abc import Sequence

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
        at = {pair: place for place, pair in enumerate(pairs)}
        self._pair = np.array([*(number.get(pair, NONE) for pair in pairs), NONE], np.int64)
        self._pair_at = np.full(self._size**2, len(pairs), np.int32)
        self._pair_at[[code[pair[0]] * self._size + code[pair[1]] for pair in pairs]] = range(len(pairs))
        triples = sorted(piece for piece in pieces if len(piece) > 2)
        keys = [at[piece[:2]] * self._size + code[piece[2]] for piece in triples]
        self._triple_keys = np.array([*keys, np.iinfo(np.int64).max], np.int64)
        self._triple = np.array([*(number[piece] for piece in triples), NONE], np.int64)

    def find(self, text: npt.NDArray[np.uint32]) -> tuple[Ints, Ints]:
        """Return the last letter of every piece in a text of code points, and the place of the piece in the list."""
        letters = self._code[np.minimum(text, len(self._code) - 1)]
        pair_at = self._pair_at.take(letters[:-1] * self._size + letters[1:])
        begun = np.flatnonzero(pair_at < len(self._pair) - 1)
        pair_at = pair_at[begun].astype(np.int64)
        keys = pair_at * self._size + np.append(letters, 0)[begun + 2]
        place = np.searchsorted(self._triple_keys, keys)
        whole = np.flatnonzero(self._triple_keys[place] == keys)
        ends = np.concatenate((np.arange(len(letters)), begun + 1, begun[whole] + 2))
        pieces = np.concatenate((self._single[letters], self._pair[pair_at], self._triple[place[whole]]))
        known = pieces != NONE
        return ends[known], pieces[known]
