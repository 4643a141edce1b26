"""Keeps the notices of a book and finds them by post, by group and time, and by likeness."""

from bisect import bisect_right, insort
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from bot.notices.index import NoticeIndex
from bot.notices.records import Post
from bot.notices.slots import Features
from bot.notices.state import NoticeState, in_time


class Shelf:
    """The notices that are not forgotten yet."""

    def __init__(self) -> None:
        self._index = NoticeIndex()
        self._notices: dict[int, NoticeState] = {}
        self._posts: dict[int, Post] = {}
        self._notice_of: dict[int, int] = {}
        self._by_group: dict[int, list[Post]] = {}
        self._in_time: list[Post] = []

    def open(self, key: int) -> NoticeState:
        """Return a notice by its key, begun if it is unknown."""
        return self._notices.setdefault(key, NoticeState(key))

    def put(self, post: Post, state: NoticeState) -> None:
        """Add a post to a notice; what it has in common with a post before is kept once."""
        post = self._sharing(post, state)
        new_wording = state.add(post)
        self._posts[post.key] = post
        self._notice_of[post.key] = state.key
        insort(self._by_group.setdefault(post.group, []), post, key=in_time)
        insort(self._in_time, post, key=in_time)
        if new_wording and post.features.substance:
            self._index.add(post.key, post.features)

    def _sharing(self, post: Post, state: NoticeState) -> Post:
        lately = self._by_group.get(post.group)
        members = lately[-1].members if lately and lately[-1].members == post.members else post.members
        copy = state.posts[-1].features if state.posts else None
        same_day = copy is not None and copy.posted_at.date() == post.features.posted_at.date()
        if copy is None or not same_day or copy.exact != post.features.exact or copy.due != post.features.due:
            copy = post.features
        if members is post.members and copy is post.features:
            return post
        return replace(post, members=members, features=copy)

    def notice(self, key: int) -> NoticeState:
        """Return a notice by its key. Raises KeyError for an unknown one."""
        return self._notices[key]

    def get(self, key: int | None) -> NoticeState | None:
        """Return a notice by its key, None for an unknown one."""
        return None if key is None else self._notices.get(key)

    def post(self, key: int) -> Post:
        """Return a post by its key. Raises KeyError for an unknown one."""
        return self._posts[key]

    def notice_of(self, post: int) -> int | None:
        """Return the key of the notice that a post carries, None for an unknown post."""
        return self._notice_of.get(post)

    def carried_by(self, post: int) -> NoticeState:
        """Return the notice that a known post carries."""
        return self._notices[self._notice_of[post]]

    def like(self, features: Features) -> Iterator[Post]:
        """Yield the posts that are worth comparing with these features, the likeliest first."""
        for key in self._index.candidates(features):
            yield self._posts[key]

    def recent(self, group: int, at: datetime, window: timedelta) -> Iterator[Post]:
        """Yield a group's posts of a window that ends at a moment (both ends count), newest first."""
        posts = self._by_group.get(group, [])
        for place in range(bisect_right(posts, at, key=lambda q: q.sent_at) - 1, -1, -1):
            if at - posts[place].sent_at > window:
                return
            yield posts[place]

    def forget(self, before: datetime) -> list[int]:
        """Drop the posts older than a moment, and every notice with its last post; return their keys."""
        count = 0
        while count < len(self._in_time) and self._in_time[count].sent_at < before:
            self._drop(self._in_time[count])
            count += 1
        gone = [post.key for post in self._in_time[:count]]
        del self._in_time[:count]
        return gone

    def _drop(self, post: Post) -> None:
        state = self.carried_by(post.key)
        state.posts.remove(post)
        self._by_group[post.group].remove(post)
        self._index.remove(post.key)
        del self._posts[post.key], self._notice_of[post.key]
        if not self._by_group[post.group]:
            del self._by_group[post.group]
        if not state.posts:
            del self._notices[state.key]
