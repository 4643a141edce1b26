"""Labels and flags as bits, and the counts that a message adds to."""

from collections.abc import Iterable, Iterator
from enum import IntFlag
from functools import cache

from bot.events import Label, MessageKind

BITS: dict[Label, int] = {label: 1 << index for index, label in enumerate(Label)}

DEMAND_BITS = sum(bit for label, bit in BITS.items() if label.is_demand)


class MessageFlag(IntFlag):
    """What else is kept of a message."""

    EMERGENCY = 1
    OFF_HOURS = 2
    MENTIONS_ALL = 4
    OWN = 8
    HISTORY = 16
    RECALLED = 32
    BOT = 64
    SYSTEM = 128


# What the bot itself sends is counted when it is sent: not every gateway shows it again.
UNCOUNTED = int(MessageFlag.RECALLED | MessageFlag.SYSTEM | MessageFlag.OWN)

COUNT_OF_LABEL = {
    Label.ACK: "receipts",
    Label.ROLLCALL_DEMAND: "rollcalls",
    Label.PHOTO_DEMAND: "photo_demands",
    Label.SCREENSHOT_DEMAND: "screenshot_demands",
    Label.CHECKIN_DEMAND: "checkin_demands",
    Label.MATERIAL_DEMAND: "material_demands",
    Label.APP_DEMAND: "app_demands",
    Label.CANVASS_DEMAND: "canvass_demands",
    Label.RANKING: "rankings",
    Label.MEETING: "meetings",
    Label.SUPPLY: "supplies",
}


def to_bits(labels: Iterable[Label]) -> int:
    """Return labels as one number."""
    return sum(BITS[label] for label in labels)


def from_bits(bits: int) -> frozenset[Label]:
    """Return the labels of a number."""
    return frozenset(label for label, bit in BITS.items() if bits & bit)


@cache
def counts_of(labels: int, flags: int, kind: str) -> tuple[str, ...]:
    """Return the kinds of daily count that a message adds one to (design section 4)."""
    return tuple(_counts_of(labels, flags, kind))


def _counts_of(labels: int, flags: int, kind: str) -> Iterator[str]:
    if flags & UNCOUNTED:
        return
    yield "messages"
    if flags & MessageFlag.MENTIONS_ALL:
        yield "mentions_all"
    if kind in (MessageKind.IMAGE, MessageKind.VIDEO):
        yield "photos"
    if flags & MessageFlag.BOT:
        return
    if flags & MessageFlag.EMERGENCY:
        yield "emergencies"
        labels &= ~DEMAND_BITS  # recorded, never called a burden
    for label, name in COUNT_OF_LABEL.items():
        if labels & BITS[label]:
            yield name
    if labels & DEMAND_BITS and flags & MessageFlag.OFF_HOURS:
        yield "off_hours_demands"
