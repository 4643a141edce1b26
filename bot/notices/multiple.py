"""Multiple reporting (多头填报): the same material demanded by several units or in several groups."""

from collections.abc import Iterable

from bot.events import Label
from bot.notices.records import MultipleReporting, Post


def asks_elsewhere(post: Post, earlier: Iterable[Post]) -> bool:
    """Tell whether a demand comes from elsewhere than every post of an earlier notice.

    Elsewhere is another sender in another group, whether of another unit or not. A notice that this sender
    or this group had before is the chain's own: asking again is then a recurrence, not multiple reporting.
    """
    return all(q.group != post.group and q.sender != post.sender for q in earlier)


def demands_material(post: Post) -> bool:
    """Tell whether a post demands forms, tables, data or reports."""
    return Label.MATERIAL_DEMAND in post.labels and not post.features.cancels


def report(post: Post, earlier: Post, why: str) -> MultipleReporting:
    """Pair the two posts."""
    return MultipleReporting(post=post.key, earlier=earlier.key, why=why)
