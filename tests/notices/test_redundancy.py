"""When a roll-call asks people who were already asked: exact limits, and what is never touched."""

import pytest

from bot.notices.book import NoticeBook
from bot.notices.settings import NoticeSettings
from tests.notices.kit import SUMMARY, ack, post


def test_a_rollcall_of_people_already_asked_is_redundant() -> None:
    book = NoticeBook()
    book.post(post(1))
    book.ack(ack(2, 1, hours=0.5))
    found = book.post(post(3, hours=1, group=2, sender=91)).redundancy
    assert found is not None
    assert found.earlier == (1,)
    assert (found.overlap, found.total) == (4, 4)
    assert found.acknowledged == {1}
    assert "50%" in found.rule


@pytest.mark.parametrize(
    ("members", "redundant"),
    [((1, 2, 11, 12), True), ((1, 2, 11, 12, 13), False), ((1, 11), True), ((11, 12), False)],
)
def test_half_of_the_members_is_enough_and_less_is_not(members: tuple[int, ...], redundant: bool) -> None:  # noqa: FBT001
    book = NoticeBook()
    book.post(post(1))
    posted = book.post(post(2, hours=1, group=2, sender=91, members=members))
    assert (posted.redundancy is not None) is redundant


def test_the_share_is_configurable() -> None:
    book = NoticeBook(NoticeSettings(share=0.75))
    book.post(post(1))
    assert book.post(post(2, hours=1, group=2, sender=91, members=(1, 2, 11, 12))).redundancy is None
    assert book.post(post(3, hours=1, group=3, sender=91, members=(1, 2, 3, 13))).redundancy is not None


def test_the_sender_is_not_among_the_members_that_count() -> None:
    book = NoticeBook()
    book.post(post(1))
    # 1 of 3 was asked when the sender is left out; with the asked sender it would be 2 of 4.
    posted = book.post(post(2, hours=1, group=2, sender=2, members=(1, 11, 12)))
    assert posted.redundancy is None


def test_the_sender_of_the_first_post_was_not_asked() -> None:
    book = NoticeBook()
    book.post(post(1, sender=1, members=(1, 2)))
    assert book.post(post(2, hours=1, group=2, sender=91, members=(1, 11))).redundancy is None


def test_mentions_narrow_whom_the_first_post_asked() -> None:
    book = NoticeBook()
    book.post(post(1, mentions=(1,)))
    assert book.post(post(2, hours=1, group=2, sender=91)).redundancy is None


def test_overlap_adds_up_over_several_earlier_posts() -> None:
    book = NoticeBook()
    book.post(post(1, members=(1, 2)))
    book.post(post(2, hours=1, group=2, sender=91, members=(3, 21, 22)))
    found = book.post(post(3, hours=2, group=3, sender=92, members=(1, 3, 31, 32))).redundancy
    assert found is not None
    assert found.earlier == (1, 2)
    assert (found.overlap, found.total) == (2, 4)


def test_a_second_rollcall_in_the_same_group_is_redundant() -> None:
    book = NoticeBook()
    book.post(post(1))
    assert book.post(post(2, hours=1)).redundancy is not None


def test_an_emergency_post_is_never_redundant() -> None:
    book = NoticeBook()
    book.post(post(1))
    assert book.post(post(2, hours=1, emergency=True)).redundancy is None


def test_a_post_of_an_emergency_notice_is_never_redundant() -> None:
    book = NoticeBook()
    book.post(post(1, emergency=True))
    assert book.post(post(2, hours=1)).redundancy is None


@pytest.mark.parametrize(
    "text",
    [
        "防溺水工作总结报送时间改为11月10日前，收到请回复",
        "防溺水工作总结不用报了，收到请回复",
    ],
)
def test_a_post_that_changes_the_demand_is_never_redundant(text: str) -> None:
    book = NoticeBook()
    book.post(post(1))
    assert book.post(post(2, text, hours=1)).redundancy is None
    assert book.post(post(3, text, hours=2, group=2)).redundancy is None


def test_another_deadline_is_not_redundant_but_its_copy_is() -> None:
    book = NoticeBook()
    text = "请各村11月15日前报送防溺水工作总结，收到请回复"
    book.post(post(1))
    assert book.post(post(2, text, hours=1)).redundancy is None
    copy = book.post(post(3, text, hours=2, group=2)).redundancy
    assert copy is not None
    assert copy.earlier == (2,)


def test_a_recurrence_on_another_day_is_never_redundant() -> None:
    book = NoticeBook()
    text = "请各村今天下班前报送防溺水巡查情况，收到请回复"
    book.post(post(1, text))
    assert book.post(post(2, text, hours=24)).redundancy is None


def test_a_post_without_a_rollcall_before_it_is_not_redundant() -> None:
    book = NoticeBook()
    book.post(post(1, labels=frozenset()))
    assert book.post(post(2, hours=1)).redundancy is None


def test_replies_avoided_are_those_who_had_acknowledged_and_stay_silent() -> None:
    book = NoticeBook()
    book.post(post(1))
    for key, person in ((2, 1), (3, 2), (4, 3)):
        book.ack(ack(key, person, hours=0.5))
    book.post(post(5, "转发：" + SUMMARY, hours=1, group=2, sender=91))
    assert book.replies_avoided(5) == {1, 2, 3}
    book.ack(ack(6, 2, hours=1.1, group=2))
    book.ack(ack(7, 4, hours=1.2, group=2))
    assert book.replies_avoided(5) == {1, 3}
    assert book.replies_avoided(1) == frozenset()
