"""What a receipt counts for."""

import pytest

from bot.notices.book import NoticeBook
from bot.notices.records import AckKind
from tests.notices.kit import MATERIAL, ack, chain, post

OTHER = "请各村11月9日前报送高血压随访表，收到请回复"
INFORMATION = "明天全镇停电，请知悉"


def test_a_receipt_counts_for_the_newest_open_notice() -> None:
    book = NoticeBook()
    book.post(post(1))
    book.post(post(2, OTHER, hours=1))
    first = book.ack(ack(3, 1, hours=2))
    second = book.ack(ack(4, 1, hours=2.1))
    assert (first.notice, first.kind) == (2, AckKind.FIRST)
    assert (second.notice, second.kind) == (1, AckKind.FIRST)


def test_a_quote_decides() -> None:
    book = NoticeBook()
    book.post(post(1))
    book.post(post(2, OTHER, hours=1))
    assert book.ack(ack(3, 1, hours=2, quoted=1)).notice == 1


@pytest.mark.parametrize(("hours", "notice"), [(24, 1), (24.001, None)])
def test_an_unquoted_receipt_counts_for_24_hours(hours: float, notice: int | None) -> None:
    book = NoticeBook()
    book.post(post(1))
    found = book.ack(ack(2, 1, hours=hours))
    assert found.notice == notice
    assert found.kind is (AckKind.FIRST if notice else AckKind.NONE)


def test_a_quoted_receipt_counts_whenever_it_comes() -> None:
    book = NoticeBook()
    book.post(post(1))
    assert book.ack(ack(2, 1, hours=100, quoted=1)).kind is AckKind.FIRST


def test_a_receipt_does_not_count_for_a_later_post() -> None:
    book = NoticeBook()
    book.post(post(1, hours=1))
    assert book.ack(ack(2, 1, hours=0.5)).notice is None


def test_a_receipt_in_one_group_counts_in_all() -> None:
    book = NoticeBook()
    book.post(post(1))
    book.post(post(2, hours=1, group=2, sender=91))
    book.ack(ack(3, 1, hours=2, group=2))
    again = book.ack(ack(4, 1, hours=3, group=1))
    assert set(book.receipts(1)) == {1}
    assert (again.notice, again.kind) == (1, AckKind.REPEATED)
    assert book.receipts(1)[1].group == 2


def test_a_redelivered_receipt_is_no_repetition() -> None:
    book = NoticeBook()
    book.post(post(1))
    first = book.ack(ack(2, 1, hours=1))
    assert book.ack(ack(2, 1, hours=1)) == first
    assert first.kind is AckKind.FIRST


def test_acknowledging_what_asked_for_no_reply_is_unasked_then_repeated() -> None:
    book = NoticeBook()
    book.post(post(1, INFORMATION, labels=frozenset()))
    assert book.ack(ack(2, 1, hours=1)).kind is AckKind.UNASKED
    assert book.ack(ack(3, 1, hours=2)).kind is AckKind.REPEATED


def test_an_open_question_goes_before_newer_information() -> None:
    book = NoticeBook()
    book.post(post(1))
    book.post(post(2, INFORMATION, hours=1, labels=frozenset()))
    found = book.ack(ack(3, 1, hours=2))
    assert (found.notice, found.kind) == (1, AckKind.FIRST)


def test_who_was_not_mentioned_was_not_asked() -> None:
    book = NoticeBook()
    book.post(post(1, mentions=(2,)))
    assert book.ack(ack(2, 1, hours=1)).kind is AckKind.UNASKED
    assert book.ack(ack(3, 2, hours=1)).kind is AckKind.FIRST


def test_who_was_asked_elsewhere_may_answer_here() -> None:
    book = NoticeBook()
    book.post(post(1))
    book.post(post(2, hours=1, group=2, sender=91, labels=MATERIAL))
    assert book.ack(ack(3, 1, hours=2, group=2)).kind is AckKind.FIRST
    assert book.ack(ack(4, 77, hours=2, group=2)).kind is AckKind.UNASKED


def test_a_member_that_the_list_misses_was_asked_with_the_group() -> None:
    book = NoticeBook()
    book.post(post(1))
    assert book.ack(ack(2, 55, hours=1)).kind is AckKind.FIRST


def test_nobody_acknowledges_an_own_post() -> None:
    book = NoticeBook()
    book.post(post(1, sender=90))
    assert book.ack(ack(2, 90, hours=1)).kind is AckKind.NONE


def test_with_nothing_posted_lately_a_receipt_answers_ordinary_talk() -> None:
    assert NoticeBook().ack(ack(1, 1, hours=1)).kind is AckKind.NONE


def test_a_quote_of_something_else_is_unasked() -> None:
    book = NoticeBook()
    book.post(post(1))
    found = book.ack(ack(3, 1, hours=1, quoted=99))
    assert (found.notice, found.kind) == (None, AckKind.UNASKED)


@pytest.mark.parametrize("quoted", [None, 1])
def test_receipts_do_not_attach_to_a_cancelled_notice(quoted: int | None) -> None:
    book = NoticeBook()
    book.post(post(1))
    book.post(post(2, "防溺水工作总结不用报了", hours=1, labels=frozenset()))
    found = book.ack(ack(3, 1, hours=2, quoted=quoted))
    assert found.notice != 1
    assert book.receipts(1) == {}


def test_a_version_opens_the_question_again() -> None:
    book = NoticeBook()
    book.post(post(1))
    book.ack(ack(2, 1, hours=0.5))
    book.post(post(3, "防溺水工作总结报送时间改为11月10日前，收到请回复", hours=1))
    found = book.ack(ack(4, 1, hours=2))
    assert (found.notice, found.kind) == (3, AckKind.FIRST)


def test_every_name_of_a_list_is_a_receipt_once() -> None:
    book = NoticeBook()
    book.post(post(1))
    first = book.chain(chain(2, (1,), hours=1))
    second = book.chain(chain(3, (1, 2), hours=2))
    assert (first.first, second.first, second.known) == ({1}, {2}, {1})
    assert set(book.receipts(1)) == {1, 2}
    assert book.chain(chain(3, (1, 2), hours=2)) == second


def test_a_list_goes_on_for_its_notice_after_a_newer_one() -> None:
    book = NoticeBook()
    book.post(post(1))
    book.chain(chain(2, (1,), hours=1))
    book.post(post(3, OTHER, hours=2))
    assert book.chain(chain(4, (1, 2), hours=3)).notice == 1
    assert book.receipts(3) == {}


def test_a_list_with_a_quote_counts_for_the_quoted_notice() -> None:
    book = NoticeBook()
    book.post(post(1))
    book.post(post(2, OTHER, hours=1))
    assert book.chain(chain(3, (1,), hours=2, quoted=1)).notice == 1


def test_a_list_without_a_question_is_nobodys_receipt() -> None:
    book = NoticeBook()
    book.post(post(1, INFORMATION, labels=frozenset()))
    assert book.chain(chain(2, (1,), hours=1)).notice is None


def test_forgotten_receipts_leave_nothing_behind() -> None:
    book = NoticeBook()
    book.post(post(1))
    book.ack(ack(2, 1, hours=1))
    book.chain(chain(3, (2,), hours=1))
    book.forget(post(9, hours=50).sent_at)
    assert book.ack(ack(2, 1, hours=60)).kind is AckKind.NONE
    assert book.chain(chain(4, (2, 3), hours=60)).notice is None
