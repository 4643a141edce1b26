"""What burden is, in figures: pure arithmetic over what the store tells (design section 4)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields

from bot.events import Label

DEMAND_OF_LABEL = {
    Label.ROLLCALL_DEMAND: "rollcalls",
    Label.PHOTO_DEMAND: "photo_demands",
    Label.SCREENSHOT_DEMAND: "screenshot_demands",
    Label.CHECKIN_DEMAND: "checkin_demands",
    Label.MATERIAL_DEMAND: "material_demands",
    Label.APP_DEMAND: "app_demands",
    Label.CANVASS_DEMAND: "canvass_demands",
}


@dataclass(frozen=True, slots=True)
class PostFact:
    """A post of a notice, as far as figures need it."""

    message_id: int
    notice_id: int
    group_id: int
    person_id: int
    sent_ms: int
    labels: frozenset[Label]
    emergency: bool = False
    off_hours: bool = False
    asked: int = 0
    redundant: bool = False
    acknowledged: frozenset[int] = frozenset()  # of the asked, before this redundant post
    multiple_of: int | None = None


@dataclass(frozen=True, slots=True)
class AckFact:
    """A receipt, as far as figures need it."""

    group_id: int
    person_id: int
    notice_id: int | None
    sent_ms: int
    outcome: str


@dataclass(frozen=True, slots=True)
class Burden:
    """The counts of design section 4 for a person, a group or the county, over a period."""

    messages: int = 0
    receipts: int = 0
    replies_demanded: int = 0
    rollcalls: int = 0
    distinct_rollcalls: int = 0
    redundant_rollcalls: int = 0
    repeated_receipts: int = 0
    unasked_receipts: int = 0
    photo_demands: int = 0
    screenshot_demands: int = 0
    checkin_demands: int = 0
    material_demands: int = 0
    app_demands: int = 0
    canvass_demands: int = 0
    rankings: int = 0
    meetings: int = 0
    supplies: int = 0
    off_hours_demands: int = 0
    emergencies: int = 0
    mentions: int = 0
    photos: int = 0
    bot_messages: int = 0
    replies_avoided: int = 0
    multiple_reports: int = 0
    distinct_demands: Mapping[str, int] = field(default_factory=dict)

    @property
    def avoidable(self) -> int:
        """Replies that nobody needed: repeated and unasked ones."""
        return self.repeated_receipts + self.unasked_receipts

    @property
    def demands(self) -> int:
        """Demands of every kind but roll-calls, posts."""
        return sum(getattr(self, name) for name in DEMAND_OF_LABEL.values() if name != "rollcalls")

    def minutes(self, seconds: Mapping[str, float]) -> float:
        """Return estimated minutes of one reader: counts × seconds per kind.

        Work is counted by distinct notices (a form asked for three times is filled in once), reading and
        answering by posts.
        """
        work = {name: number for name, number in self.distinct_demands.items() if name != "rollcalls"}
        return sum(work.get(name, getattr(self, name, 0)) * weight for name, weight in seconds.items()) / 60


COUNTS = tuple(item.name for item in fields(Burden) if item.type in ("int", int))


def from_posts(posts: Sequence[PostFact], acks: Iterable[AckFact]) -> dict[str, object]:
    """Return the counts that need to know which notice a post carries; emergencies are no burden."""
    posts = [post for post in posts if not post.emergency]
    rollcalls = [post for post in posts if Label.ROLLCALL_DEMAND in post.labels]
    receipts = list(acks)
    distinct = {
        name: len({post.notice_id for post in posts if label in post.labels})
        for label, name in DEMAND_OF_LABEL.items()
    }
    return {
        "replies_demanded": sum(post.asked for post in rollcalls),
        "distinct_rollcalls": distinct["rollcalls"],
        "redundant_rollcalls": sum(post.redundant for post in rollcalls),
        "repeated_receipts": sum(ack.outcome == "repeated" for ack in receipts),
        "unasked_receipts": sum(ack.outcome == "unasked" for ack in receipts),
        "multiple_reports": sum(post.multiple_of is not None for post in posts),
        "replies_avoided": replies_avoided(rollcalls, receipts),
        "distinct_demands": {name: count for name, count in distinct.items() if count},
    }


def replies_avoided(rollcalls: Iterable[PostFact], acks: Iterable[AckFact]) -> int:
    """Count members who had acknowledged before a redundant post and did not reply to it again.

    A person who was spared twice by two redundant posts counts twice; one reply after both counts against both.
    """
    again: dict[tuple[int, int], int] = {}
    for ack in acks:
        if ack.notice_id is not None and ack.outcome == "repeated":
            key = (ack.notice_id, ack.person_id)
            again[key] = max(again.get(key, 0), ack.sent_ms)
    return sum(
        again.get((post.notice_id, person), -1) < post.sent_ms
        for post in rollcalls
        if post.redundant
        for person in post.acknowledged
    )


def combine(counts: Mapping[str, int], derived: Mapping[str, object]) -> Burden:
    """Return the burden from daily counts and from what `from_posts` told."""
    known = {name: counts.get(name, 0) for name in COUNTS}
    known["mentions"] = counts.get("mentions_all", 0) + counts.get("mentions", 0)
    return Burden(**{**known, **derived})  # type: ignore[arg-type]  # the values fit the names by construction


def change(now: float, before: float) -> str:
    """Return the change against the period before, as people read it."""
    if not before:
        return "上期无记录"
    percent = round((now - before) / before * 100)
    if percent == 0:
        return "与上期持平"
    return f"比上期{'多' if percent > 0 else '少'}{abs(percent)}%"
