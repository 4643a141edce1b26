"""Which posts are one notice, and what a post is to the notices before it."""

import pytest

from bot.events import Label
from bot.notices.book import NoticeBook
from bot.notices.records import Relation
from bot.notices.settings import NoticeSettings
from tests.notices.kit import MATERIAL, ROLLCALL, SUMMARY, ack, at, chain, features, post

REMINDER = "再次提醒：防溺水工作总结11月8日前报，收到请回复"


def test_a_first_post_is_a_new_notice() -> None:
    posted = NoticeBook().post(post(1))
    assert (posted.notice, posted.relation, posted.of) == (1, Relation.NEW, None)


@pytest.mark.parametrize("text", [SUMMARY, "转发：" + SUMMARY, REMINDER])
def test_a_repeat_in_another_group_is_the_same_notice(text: str) -> None:
    book = NoticeBook()
    book.post(post(1))
    posted = book.post(post(2, text, hours=1, group=2, sender=91))
    assert (posted.notice, posted.relation, posted.of) == (1, Relation.REPEAT, 1)
    assert [q.key for q in book.posts(1)] == [1, 2]
    assert posted.why


@pytest.mark.parametrize(("hours", "relation"), [(72, Relation.REPEAT), (72.001, Relation.SERIES)])
def test_a_repeat_counts_for_72_hours_after_the_first_post(hours: float, relation: Relation) -> None:
    book = NoticeBook()
    book.post(post(1))
    assert book.post(post(2, hours=hours)).relation is relation


def test_reminders_do_not_stretch_the_72_hours() -> None:
    book = NoticeBook()
    book.post(post(1))
    assert book.post(post(2, hours=60)).relation is Relation.REPEAT
    assert book.post(post(3, hours=120)).relation is Relation.SERIES


def test_the_window_is_configurable() -> None:
    book = NoticeBook(NoticeSettings(repeat_hours=1))
    book.post(post(1))
    assert book.post(post(2, hours=2)).relation is Relation.SERIES


def test_the_same_words_on_another_day_are_a_series_not_a_repeat() -> None:
    book = NoticeBook()
    book.post(post(1, "请各村今天下班前报送防溺水巡查情况，收到请回复"))
    posted = book.post(post(2, "请各村今天下班前报送防溺水巡查情况，收到请回复", hours=24))
    assert (posted.relation, posted.of, posted.notice) == (Relation.SERIES, 1, 2)


def test_a_daily_report_is_a_series() -> None:
    book = NoticeBook()
    text = "请各村报送秸秆禁烧日报，收到请回复"
    book.post(post(1, text))
    assert book.post(post(2, text, hours=2)).relation is Relation.REPEAT
    assert book.post(post(3, text, hours=24)).relation is Relation.SERIES


def test_a_changed_deadline_is_a_version_that_opens_the_question_again() -> None:
    book = NoticeBook()
    book.post(post(1))
    changed = book.post(post(2, "防溺水工作总结报送时间改为11月10日前，收到请回复", hours=1))
    assert (changed.relation, changed.of, changed.notice) == (Relation.VERSION, 1, 2)
    assert not book.is_open(1)
    assert book.is_open(2)


def test_a_cancellation_closes_the_notice_of_its_own_chain() -> None:
    book = NoticeBook()
    book.post(post(1))
    book.post(post(2, "请各单位报送防溺水工作总结", group=7, sender=70, unit="县教育局"))
    cancelled = book.post(post(3, "防溺水工作总结不用报了", hours=1))
    assert (cancelled.relation, cancelled.of) == (Relation.CANCEL, 1)
    assert not book.is_open(1)


def test_a_stranger_cancels_nothing() -> None:
    book = NoticeBook()
    book.post(post(1))
    stranger = post(2, "防溺水工作总结不用报了", hours=1, group=9, sender=99, unit="县医院")
    assert book.post(stranger).relation is Relation.NEW
    assert book.is_open(1)


def test_a_late_forward_of_a_cancelled_notice_stays_closed() -> None:
    book = NoticeBook()
    book.post(post(1))
    book.post(post(2, "防溺水工作总结不用报了", hours=1))
    late = book.post(post(3, hours=2, group=2))
    assert (late.relation, late.notice, late.redundancy) == (Relation.REPEAT, 1, None)
    assert not book.is_open(1)


def test_a_bare_rollcall_belongs_to_what_its_sender_just_posted() -> None:
    book = NoticeBook()
    book.post(post(1, "请各村11月8日前报送防溺水工作总结", labels=MATERIAL))
    follow_up = book.post(post(2, "收到请回复", hours=0.1))
    assert (follow_up.notice, follow_up.relation) == (1, Relation.REPEAT)


@pytest.mark.parametrize("change", [{"hours": 0.2}, {"sender": 91, "hours": 0.1}, {"group": 2, "hours": 0.1}])
def test_a_bare_rollcall_of_another_time_sender_or_group_is_its_own_notice(change: dict[str, float]) -> None:
    book = NoticeBook()
    book.post(post(1))
    assert book.post(post(2, "收到请回复", **change)).relation is Relation.NEW  # type: ignore[arg-type]


def test_bare_rollcalls_of_two_groups_are_never_one_notice() -> None:
    book = NoticeBook()
    book.post(post(1, "收到请回复"))
    assert book.post(post(2, "收到请回复", group=2)).relation is Relation.NEW


def test_a_redelivered_post_gives_the_same_answer_and_counts_once() -> None:
    book = NoticeBook()
    first = book.post(post(1))
    assert book.post(post(1)) == first
    assert len(book.posts(1)) == 1


def test_a_different_subject_is_a_new_notice() -> None:
    book = NoticeBook()
    book.post(post(1))
    assert book.post(post(2, "请各村11月8日前报送地质灾害工作总结，收到请回复")).relation is Relation.NEW


def test_the_same_material_asked_by_another_unit_is_multiple_reporting() -> None:
    book = NoticeBook()
    book.post(post(1, "请各村11月8日前报送留守儿童名册", labels=MATERIAL, unit="民政局"))
    posted = book.post(
        post(
            2,
            "请各村11月20日前报送留守儿童名单",
            hours=200,
            group=2,
            sender=91,
            labels=MATERIAL,
            unit="教育局",
        )
    )
    assert posted.multiple is not None
    assert (posted.multiple.earlier, posted.multiple.post) == (1, 2)


@pytest.mark.parametrize(("hours", "found"), [(30 * 24, True), (30 * 24 + 0.001, False)])
def test_multiple_reporting_looks_back_30_days(hours: float, found: bool) -> None:  # noqa: FBT001
    book = NoticeBook()
    book.post(post(1, "请各村报送留守儿童名册", labels=MATERIAL))
    posted = book.post(post(2, "请各村报送留守儿童名册", hours=hours, group=2, sender=91, labels=MATERIAL))
    assert (posted.multiple is not None) is found


def test_a_forwarded_copy_is_one_notice_and_not_multiple_reporting() -> None:
    book = NoticeBook()
    book.post(post(1, "请各村11月8日前报送留守儿童名册", labels=MATERIAL))
    posted = book.post(post(2, "转发：请各村11月8日前报送留守儿童名册", group=2, sender=91, labels=MATERIAL))
    assert (posted.relation, posted.multiple) == (Relation.REPEAT, None)


@pytest.mark.parametrize("change", [{"group": 1, "sender": 91}, {"group": 2, "sender": 90}])
def test_a_recurrence_of_the_same_chain_is_not_multiple_reporting(change: dict[str, int]) -> None:
    book = NoticeBook()
    book.post(post(1, "请各村11月8日前报送留守儿童名册", labels=MATERIAL))
    posted = book.post(post(2, "请各村12月1日前报送留守儿童名册", hours=300, labels=MATERIAL, **change))  # type: ignore[arg-type]
    assert posted.multiple is None


def test_another_period_is_other_material() -> None:
    book = NoticeBook()
    book.post(post(1, "请各村报送10月份留守儿童名册", labels=MATERIAL))
    posted = book.post(
        post(2, "请各村报送11月份留守儿童名册", hours=300, group=2, sender=91, labels=MATERIAL)
    )
    assert posted.multiple is None


def test_search_finds_a_notice_without_taking_the_text_in() -> None:
    book = NoticeBook()
    book.post(post(1))
    found = book.search(features("防溺水工作总结11月8日前报送"))
    assert [other.key for other, _ in found] == [1]
    assert book.search(features("高血压随访表")) == []
    assert len(book.posts(1)) == 1


def test_forgetting_drops_old_posts_and_then_the_notice() -> None:
    book = NoticeBook()
    book.post(post(1))
    book.post(post(2, hours=10, group=2))
    book.forget(at(5))
    assert book.notice_of(1) is None
    assert [q.key for q in book.posts(1)] == [2]
    book.forget(at(11))
    assert book.notice_of(2) is None
    assert book.search(features(SUMMARY)) == []


def test_a_restored_book_goes_on_as_if_it_had_never_stopped() -> None:
    posts = [
        post(1),
        post(2, hours=1, group=2),
        post(3, "防溺水工作总结报送时间改为11月10日前，收到请回复", hours=2),
        post(4, "请各村报送高血压随访表", hours=3),
    ]
    live, restored = NoticeBook(), NoticeBook()
    for p in posts:
        restored.restore(p, live.post(p))
    last = post(5, "转发：防溺水工作总结报送时间改为11月10日前，收到请回复", hours=4, group=3)
    assert restored.post(last) == live.post(last)
    assert restored.is_open(1) is live.is_open(1) is False


def test_labels_that_demand_nothing_make_no_redundancy() -> None:
    book = NoticeBook()
    book.post(post(1, labels=ROLLCALL))
    assert book.post(post(2, hours=1, labels=frozenset({Label.NOTICE}))).redundancy is None


def held(book: NoticeBook) -> int:
    """Count the entries of everything that a book keeps."""
    owners = (book, book._shelf, book._shelf._index, book._desk)
    kept = [value for owner in owners for value in vars(owner).values() if isinstance(value, dict | list)]
    assert len(kept) >= 10
    return sum(map(len, kept))


def test_a_book_that_forgot_everything_holds_nothing() -> None:
    book = NoticeBook()
    for number in range(20):
        book.post(
            post(number + 1, f"请各村报送第{number}批防溺水台账，收到请回复", group=number % 3, hours=number)
        )
        book.ack(ack(100 + number, number % 4, group=number % 3, hours=number + 0.1))
        book.chain(chain(200 + number, (1, 2), group=number % 3, hours=number + 0.2))
    assert held(book) > 100
    book.forget(at(hours=500))
    assert held(book) == 0


def test_copies_of_a_notice_are_kept_once() -> None:
    book = NoticeBook()
    for number in range(3):
        book.post(post(number + 1, group=7, hours=number))
    first, second, third = book.posts(1)
    assert first.features is second.features is third.features
    assert first.members is second.members is third.members
