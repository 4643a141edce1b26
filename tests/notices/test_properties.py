"""What holds for any posts and receipts in any order."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.notices.book import NoticeBook, replay, take
from bot.notices.records import Ack, Acked, AckKind, Chain, NoticeEvent, Post
from tests.notices.kit import START, SUMMARY, post

TEXTS = (
    SUMMARY,
    "再次提醒：防溺水工作总结11月8日前报，收到请回复",
    "请各村今天下班前报送高血压随访表，收到请回复",
    "防溺水工作总结报送时间改为11月10日前，收到请回复",
    "防溺水工作总结不用报了",
    "收到请回复",
)
GROUPS = {1: (1, 2, 3, 4), 2: (3, 4, 5), 3: (1, 6)}
PEOPLE = st.integers(1, 6)
HOURS = st.integers(0, 100)


@st.composite
def histories(draw: st.DrawFn) -> list[NoticeEvent]:
    """Draw posts, receipts and lists with keys of their own."""
    events: list[NoticeEvent] = []
    for key in range(1, draw(st.integers(1, 14)) + 1):
        group = draw(st.sampled_from(sorted(GROUPS)))
        hours = draw(HOURS)
        kind = draw(st.sampled_from(("post", "post", "ack", "ack", "chain")))
        when = START + timedelta(hours=hours)
        if kind == "post":
            text = draw(st.sampled_from(TEXTS))
            sender = draw(st.integers(90, 92))
            events.append(post(key, text, hours=hours, group=group, sender=sender, members=GROUPS[group]))
        elif kind == "ack":
            quoted = draw(st.none() | st.integers(1, 14))
            events.append(Ack(key, group, draw(PEOPLE), when, quoted))
        else:
            events.append(Chain(key, group, 1, when, frozenset(draw(st.sets(PEOPLE, min_size=1)))))
    return events


@settings(max_examples=150, deadline=None)
@given(histories(), st.randoms())
def test_a_replay_does_not_depend_on_the_order_of_arrival(events: list[NoticeEvent], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(events)
    random.shuffle(shuffled)
    assert replay(shuffled) == replay(events)


@settings(max_examples=150, deadline=None)
@given(histories())
def test_a_person_has_one_receipt_per_notice_in_any_arrival(events: list[NoticeEvent]) -> None:
    book = NoticeBook()
    outcomes = [take(book, event) for event in events]
    again = [take(book, event) for event in events]
    assert outcomes == again
    first = [
        (found.notice, event.person)
        for event, found in zip(events, outcomes, strict=True)
        if isinstance(event, Ack)
        and isinstance(found, Acked)
        and found.kind in {AckKind.FIRST, AckKind.UNASKED}
        if found.notice is not None
    ]
    assert len(first) == len(set(first))
    for notice, person in first:
        assert person in book.receipts(notice)


@settings(max_examples=150, deadline=None)
@given(histories())
def test_replies_avoided_never_exceed_the_members_who_stay_silent(events: list[NoticeEvent]) -> None:
    book = NoticeBook()
    ordered = sorted(events, key=lambda e: (e.sent_at, e.key))
    outcomes = {event.key: take(book, event) for event in ordered}
    for event in ordered:
        if not isinstance(event, Post):
            continue
        notice = book.notice_of(event.key)
        answered = {
            other.person
            for other in ordered
            if isinstance(other, Ack)
            and other.group == event.group
            and (other.sent_at, other.key) > (event.sent_at, event.key)
            and outcomes[other.key].notice == notice
        }
        avoided = book.replies_avoided(event.key)
        assert avoided <= event.members - {event.sender} - answered
        posted = outcomes[event.key]
        assert posted.redundancy is not None or not avoided


@settings(max_examples=100, deadline=None)
@given(histories())
def test_every_post_carries_exactly_one_notice(events: list[NoticeEvent]) -> None:
    book = NoticeBook()
    posts = [event for event in events if isinstance(event, Post)]
    for event in posts:
        book.post(event)
    notices = {book.notice_of(event.key) for event in posts}
    carried = [q.key for notice in notices if notice is not None for q in book.posts(notice)]
    assert sorted(carried) == sorted(event.key for event in posts)
