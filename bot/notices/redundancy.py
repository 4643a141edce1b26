"""When a roll-call asks people who were already asked; design section 3."""

from collections.abc import Iterable, Mapping

from bot.events import Label
from bot.notices.records import Post, Receipt, Redundancy


def asked(post: Post) -> frozenset[int]:
    """Return the people whom a roll-call asks: those it mentions, else the members without its sender."""
    if not post.is_rollcall:
        return frozenset()
    return (post.mentions or post.members) - {post.sender}


def redundancy(
    post: Post, earlier: Iterable[Post], receipts: Mapping[int, Receipt], share: float
) -> Redundancy | None:
    """Judge a roll-call post against the earlier posts of the same notice.

    Redundant when at least `share` of this group's members (its sender left out) were asked before, here or
    elsewhere. Never for an emergency, the post's or the notice's, nor for a post that changes or cancels.
    """
    before = [q for q in earlier if q.is_rollcall]
    everyone = post.members - {post.sender}
    if not post.is_rollcall or not before or not everyone:
        return None
    if post.emergency or any(q.emergency for q in earlier):
        return None
    if post.features.changes or post.features.cancels or Label.CANCEL_OR_EXEMPT in post.labels:
        return None
    already: frozenset[int] = frozenset().union(*(asked(q) for q in before))
    overlap = len(everyone & already)
    if overlap / len(everyone) < share:
        return None
    now = (post.sent_at, post.key)
    acknowledged = frozenset(
        person
        for person in asked(post)
        if person in receipts and (receipts[person].sent_at, receipts[person].key) < now
    )
    return Redundancy(
        earlier=tuple(q.key for q in sorted(before, key=lambda q: (q.sent_at, q.key))),
        overlap=overlap,
        total=len(everyone),
        acknowledged=acknowledged,
        rule=f"本群{len(everyone)}人中{overlap}人已被同一通知点过名，达到{share:.0%}",
    )
