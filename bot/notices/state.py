"""One notice as the book keeps it: its posts, its receipts, whether its question is still open."""

from bisect import insort
from dataclasses import dataclass, field
from datetime import datetime

from bot.notices.records import Ack, Post, Receipt
from bot.notices.redundancy import asked


def in_time(event: Post | Ack | Receipt) -> tuple[datetime, int]:
    """Order events by time, then by key."""
    return (event.sent_at, event.key)


@dataclass(slots=True)
class NoticeState:
    """All that is known of one notice; the book alone changes it."""

    key: int
    posts: list[Post] = field(default_factory=list)
    receipts: dict[int, Receipt] = field(default_factory=dict)
    replies: list[Ack] = field(default_factory=list)
    closed_by: int | None = None  # the post that called it off or replaced it
    texts: set[tuple[int, datetime | None]] = field(default_factory=set)  # its wordings

    @property
    def first(self) -> Post:
        """The post that began it."""
        return self.posts[0]

    @property
    def is_open(self) -> bool:
        """Whether its question still stands."""
        return self.closed_by is None

    @property
    def emergency(self) -> bool:
        """Whether any of its posts is an emergency."""
        return any(post.emergency for post in self.posts)

    @property
    def asks(self) -> bool:
        """Whether any of its posts demands a reply."""
        return any(post.is_rollcall for post in self.posts)

    @property
    def changes(self) -> bool:
        """Whether it changes or calls off an earlier notice: then each of its posts is news."""
        return any(post.features.changes or post.features.cancels for post in self.posts)

    def add(self, post: Post) -> bool:
        """Take a post in, in time order; true when nobody has worded the notice so before."""
        insort(self.posts, post, key=in_time)
        wording = (post.features.exact, post.features.due)
        new = wording not in self.texts
        self.texts.add(wording)
        return new

    def is_own(self, post: Post) -> bool:
        """Tell whether a post comes from where this notice comes from: its group, sender or unit."""
        return any(
            q.group == post.group or q.sender == post.sender or (q.unit != "" and q.unit == post.unit)
            for q in self.posts
        )

    def asked(self) -> frozenset[int]:
        """Return everybody whom its roll-calls asked, over all groups."""
        return frozenset().union(*(asked(post) for post in self.posts))

    def asks_of(self, person: int, group: int) -> bool:
        """Tell whether a reply was demanded of a person.

        A roll-call to a whole group also asks a person of that group whom its member list misses.
        """
        return any(
            post.is_rollcall and (person in asked(post) or (post.group == group and not post.mentions))
            for post in self.posts
        )

    def acknowledge(self, ack: Ack) -> bool:
        """Note a reply; true when it is the person's receipt, false when there was one."""
        self.replies.append(ack)
        if ack.person in self.receipts:
            return False
        self.receipts[ack.person] = Receipt(ack.person, ack.group, ack.key, ack.sent_at)
        return True

    def replies_avoided(self, post: Post) -> frozenset[int]:
        """Return those who had acknowledged before a post that asked them, and did not answer it again."""
        at = in_time(post)
        had = {p for p in asked(post) if p in self.receipts and in_time(self.receipts[p]) < at}
        again = {reply.person for reply in self.replies if reply.group == post.group and in_time(reply) > at}
        return frozenset(had - again)
