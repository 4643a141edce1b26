"""What is kept of a post for comparing it: hashed items in slots, resolved moments, nothing readable stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum


class Slot(IntEnum):
    """What an item of a text says; items are compared only within their slot."""

    SUBJECT = 1  # open vocabulary: what it is about
    OBJECT = 2  # what is demanded: 台账, 总结, 照片
    ACTION = 3  # what is to be done: attend, install, vote
    ADDRESSEE = 4  # who is to do it
    PLACE = 5  # where to, where at
    NUMBER = 6  # a number with its unit
    PERIOD = 7  # the time that the content covers: 10月份, 三季度
    STATE = 8  # one of a few that exclude each other: 停止 and 恢复, 春季 and 秋季
    NAME = 9  # a name in quotes: “最美家庭”, 《减负调查》
    WHERE = 10  # a word of the place where people are to be
    DENIED = 11  # a word said with a not; `kind` is the word itself
    TARGET = 12  # an addressee who is called outright: 各村, 全体民警; `kind` as for the addressee


@dataclass(frozen=True, slots=True)
class Item:
    """One meaningful word of a text, as a keyed hash.

    `weight` is its share in telling notices apart (100 for a rare word). `kind` groups items that exclude each
    other: the unit of a number, the grain of a period, the rank of an addressee. `grams` are the keyed hashes
    of its 2-grams, by which a word is found in a text that was cut differently. `before` and `after` are the
    values of the items beside it in its clause, 0 for none: what stands in the same place says another thing.
    `chars` are the hashes of a short word's characters: words that share one may be synonyms.
    """

    slot: Slot
    value: int
    weight: int = 100
    kind: int = 0
    grams: tuple[int, ...] = ()
    before: int = 0
    after: int = 0
    chars: tuple[int, ...] = ()


CONTENT = frozenset((Slot.SUBJECT, Slot.OBJECT, Slot.ACTION))


class Role(IntEnum):
    """What happens at a moment."""

    DUE = 1  # the last moment for doing something
    AT = 2  # a meeting begins, a measure takes effect
    UNTIL = 3  # the end of a range


@dataclass(frozen=True, slots=True)
class Moment:
    """A date, a time of day or both, resolved against the day of the post.

    `minute` counts from local midnight; `loose` minutes either way still agree (下班 is 17:00 somewhere and
    18:00 elsewhere). `month_known` is false for 15号, whose month was taken from the post's day.
    """

    role: Role
    day: date | None
    minute: int | None = None
    loose: int = 0
    month_known: bool = True


@dataclass(frozen=True, slots=True)
class Features:
    """What comparing needs of a post; made by `extract`.

    All ints are keyed hashes. `readable` maps hashes back to words for explanations and `subject_hint` is a
    title for showing: both are empty in what `unpack` returns, and no decision reads them.
    """

    exact: int
    grams: tuple[int, ...]  # sorted; sets would take four times the memory
    aliases: tuple[int, ...]  # abbreviations that its words could be given, sorted
    items: tuple[Item, ...]
    moments: tuple[Moment, ...]
    posted_at: datetime
    due: datetime | None
    cancels: bool  # calls something off, or exempts from it
    changes: bool  # says that a deadline, place or time was changed
    asks: bool  # is a question about it, not the thing itself
    reports: bool | None  # tells that it is done; None where that was not looked at
    daily: bool  # asked anew every day (日报, 每日): its period is the day of the post
    key_mark: int  # which key the hashes were made with
    frame: str = ""  # the letters in their order, each as one of 64 marks: for laying texts side by side
    letters: str = ""  # those of words that can tell notices apart, each as one of 1,024 marks, sorted
    subject_hint: str = field(default="", compare=False)
    readable: Mapping[int, str] = field(default_factory=dict, compare=False, repr=False, hash=False)

    @property
    def substance(self) -> int:
        """The summed weight of what it is about; 0 for a bare 收到请回复."""
        return sum(item.weight for item in self.items if item.slot in CONTENT)
