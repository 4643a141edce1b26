"""Reads labelled messages."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.classify.normalise import normalise
from bot.classify.quotes import split_quote
from bot.classify.scores import NAMES

ONCE_WRONG = "messages_wrong.tsv"
HEAVY = 4.0


@dataclass(frozen=True, slots=True)
class Corpus:
    """A file of labelled messages: its texts, and which names are right (emergency may be unknown: -1)."""

    name: str
    texts: tuple[str, ...]
    right: npt.NDArray[np.int8]

    @property
    def heavy(self) -> float:
        """How much each message counts: what was once wrong must not be wrong again."""
        return HEAVY if self.name == ONCE_WRONG else 1.0


def read(path: Path) -> Corpus:
    """Read a file with the columns text, labels and perhaps emergency."""
    texts, right = [], []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            text = row["text"].replace("\\n", "\n")
            labels = set(row["labels"].split(";"))
            flag = row.get("emergency")
            texts.append(normalise(split_quote(text)[1]))
            right.append([int(name in labels) for name in NAMES[:-1]] + [int(flag) if flag else -1])
    return Corpus(path.name, tuple(texts), np.array(right, np.int8))
