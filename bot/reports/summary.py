"""What the texts about burden are filled in with; shared by chat, digests and the command line."""

from collections.abc import Mapping
from typing import Any

from bot.reports.figures import Burden, change
from bot.reports.words import DEMAND_WORDS, duration


def values(now: Burden, minutes: float, minutes_before: float) -> dict[str, Any]:
    """Return the values that every text about burden uses."""
    return {
        "b": now,
        "demands": [
            {"name": word, "count": getattr(now, name), "distinct": now.distinct_demands.get(name, 0)}
            for name, word in DEMAND_WORDS.items()
            if getattr(now, name)
        ],
        "minutes": duration(minutes),
        "change": change(minutes, minutes_before),
    }


def minutes_per_member(burden: Burden, members: int, seconds: Mapping[str, float]) -> float:
    """Return estimated minutes that a group costs each member: everybody reads, each gives own receipts only."""
    own = burden.receipts * seconds.get("receipts", 0.0) / 60
    return burden.minutes(seconds) - own + own / max(members, 1)


def minutes_per_person(
    burdens: Mapping[int, Burden], members: Mapping[int, int], people: int, seconds: Mapping[str, float]
) -> float:
    """Return estimated minutes per person over groups: moving people into one group is no reduction."""
    total = sum(
        minutes_per_member(burden, members.get(group_id, 0), seconds) * members.get(group_id, 0)
        for group_id, burden in burdens.items()
    )
    return total / people if people else 0.0
