"""Short ways to write posts and receipts for the tests of the book."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.events import Label
from bot.notices.features import extract
from bot.notices.records import Ack, Chain, Post
from bot.notices.slots import Features

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 5, 9, 0, tzinfo=ZONE)  # a Thursday
KEY = b"a key of the tests"
ROLLCALL = frozenset({Label.ROLLCALL_DEMAND})
MATERIAL = frozenset({Label.MATERIAL_DEMAND})

SUMMARY = "请各村11月8日前报送防溺水工作总结，收到请回复"


def at(hours: float = 0, seconds: float = 0) -> datetime:
    """Return a moment so long after the start."""
    return START + timedelta(hours=hours, seconds=seconds)


def features(text: str, when: datetime = START) -> Features:
    """Return a text's features as the store would have them made."""
    return extract(text, when, ZONE, key=KEY)


def post(
    key: int,
    text: str = SUMMARY,
    *,
    hours: float = 0,
    group: int = 1,
    sender: int = 90,
    unit: str = "镇政府",
    labels: frozenset[Label] = ROLLCALL,
    emergency: bool = False,
    mentions: tuple[int, ...] = (),
    members: tuple[int, ...] = (1, 2, 3, 4),
) -> Post:
    """Return a roll-call post, its sender among the members."""
    when = at(hours)
    return Post(
        key=key,
        group=group,
        unit=unit,
        sender=sender,
        sent_at=when,
        labels=labels,
        emergency=emergency,
        features=features(text, when),
        mentions=frozenset(mentions),
        members=frozenset(members) | {sender},
    )


def ack(key: int, person: int, *, hours: float, group: int = 1, quoted: int | None = None) -> Ack:
    """Return a receipt."""
    return Ack(key, group, person, at(hours), quoted)


def chain(
    key: int, names: tuple[int, ...], *, hours: float, group: int = 1, quoted: int | None = None
) -> Chain:
    """Return a 接龙 list with matched names."""
    return Chain(key, group, names[-1], at(hours), frozenset(names), quoted)
