"""What a post is to the notices before it."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.notices.compare import Verdict, same
from bot.notices.multiple import asks_elsewhere, demands_material, report
from bot.notices.records import MultipleReporting, Post, Relation
from bot.notices.settings import NoticeSettings
from bot.notices.shelf import Shelf
from bot.notices.state import NoticeState, in_time

_PREFERENCE = (Relation.REPEAT, Relation.CANCEL, Relation.VERSION, Relation.SERIES)


@dataclass(frozen=True, slots=True)
class Likeness:
    """An earlier post that was compared with a new one."""

    state: NoticeState
    other: Post
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Related:
    """What a post is, of which notice, why, and whether its material is asked elsewhere too."""

    relation: Relation
    of: NoticeState | None = None
    why: str = ""
    multiple: MultipleReporting | None = None


def relate(post: Post, shelf: Shelf, settings: NoticeSettings) -> Related:
    """Judge a post against the notices on the shelf.

    Of several, the likeliest kind wins in the order repeat, cancel, version, series; within a kind a notice of
    the post's own group, sender or unit before another's, then the more alike, then the newer.
    """
    if not post.features.substance:
        followed = _followed_up(post, shelf, settings)
        if followed is not None:
            return Related(Relation.REPEAT, followed, "没有自己的内容，跟着同一发布人刚发的通知")
    compared = list(_compare(post, shelf))
    found: dict[Relation, list[Likeness]] = {}
    for likeness in compared:
        relation = _relation(post, likeness, settings)
        if relation is not None:
            found.setdefault(relation, []).append(likeness)
    for relation in _PREFERENCE:
        if relation in found:
            best = max(
                found[relation],
                key=lambda like: (like.state.is_own(post), like.verdict.score, in_time(like.other)),
            )
            multiple = _multiple(post, compared, settings) if relation is Relation.SERIES else None
            return Related(relation, best.state, best.verdict.why, multiple)
    return Related(Relation.NEW, multiple=_multiple(post, compared, settings))


def _compare(post: Post, shelf: Shelf) -> Iterator[Likeness]:
    for other in shelf.like(post.features):
        first, second = sorted((other, post), key=in_time)
        yield Likeness(shelf.carried_by(other.key), other, same(first.features, second.features))


def _relation(post: Post, like: Likeness, settings: NoticeSettings) -> Relation | None:
    """Tell what a post is to one notice; calling off and changing are only for where the notice comes from."""
    state, verdict = like.state, like.verdict
    if verdict.same and abs(post.sent_at - state.first.sent_at) <= settings.repeat_window:
        return Relation.REPEAT
    if in_time(post) < in_time(like.other):
        return None
    if verdict.cancels and state.is_open and state.is_own(post):
        return Relation.CANCEL
    if verdict.version and state.is_open and state.is_own(post):
        return Relation.VERSION
    if verdict.series or verdict.same:
        return Relation.SERIES
    return None


def _followed_up(post: Post, shelf: Shelf, settings: NoticeSettings) -> NoticeState | None:
    """Find the notice that a bare 收到请回复 belongs to: what its sender posted in this group just before."""
    if not post.is_rollcall:
        return None
    for other in shelf.recent(post.group, post.sent_at, settings.follow_up_window):
        if other.sender == post.sender:
            state = shelf.carried_by(other.key)
            return state if state.is_open else None
    return None


def _multiple(post: Post, compared: list[Likeness], settings: NoticeSettings) -> MultipleReporting | None:
    if not demands_material(post):
        return None
    found = [
        like
        for like in compared
        if like.verdict.material
        and demands_material(like.other)
        and in_time(like.other) < in_time(post)
        and post.sent_at - like.other.sent_at <= settings.material_window
        and asks_elsewhere(post, like.state.posts)
    ]
    if not found:
        return None
    newest = max(found, key=lambda like: in_time(like.other))
    return report(post, newest.other, newest.verdict.why)
