"""The limits as pure arithmetic."""

import itertools
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.config import LimitSettings
from bot.pacing import Sent, after_quiet, earliest, next_midnight

ZONE = ZoneInfo("Asia/Shanghai")
LIMITS = LimitSettings()
NOON = datetime(2026, 11, 16, 4, 0, tzinfo=UTC)


def moment(sent: Sent, *, now: datetime = NOON, unsolicited: bool = False) -> datetime:
    return earliest(now, sent, LIMITS, ZONE, unsolicited=unsolicited, other_chat_seconds=4.0)


def test_what_was_never_limited_leaves_at_once() -> None:
    assert moment(Sent()) == NOON


def test_three_seconds_lie_between_messages_of_one_chat() -> None:
    before = NOON - timedelta(seconds=1)
    assert moment(Sent(last_in_chat=before, last_anywhere=before)) == before + timedelta(seconds=3)


def test_another_chat_waits_for_the_seconds_between_chats() -> None:
    before = NOON - timedelta(seconds=1)
    assert moment(Sent(last_anywhere=before)) == before + timedelta(seconds=4)


def test_the_eleventh_message_waits_until_the_first_is_a_minute_old() -> None:
    lately = tuple(NOON - timedelta(seconds=50 - 4 * n) for n in range(10))
    assert moment(Sent(in_last_minute=lately)) == lately[0] + timedelta(minutes=1)
    assert moment(Sent(in_last_minute=lately[1:])) == NOON


def test_after_two_hundred_messages_the_day_is_over() -> None:
    assert moment(Sent(today=199)) == NOON
    assert moment(Sent(today=200)) == datetime(2026, 11, 16, 16, 0, tzinfo=UTC)


def test_the_third_unsolicited_message_of_a_group_waits_for_the_next_morning() -> None:
    assert moment(Sent(unsolicited_today=1), unsolicited=True) == NOON
    assert moment(Sent(unsolicited_today=2), unsolicited=True) == datetime(2026, 11, 16, 23, 0, tzinfo=UTC)
    assert moment(Sent(unsolicited_today=2)) == NOON  # an answer is not unsolicited


def test_nothing_unsolicited_leaves_at_night_but_answers_do() -> None:
    night = datetime(2026, 11, 16, 15, 0, tzinfo=UTC)  # 23:00
    assert moment(Sent(), now=night, unsolicited=True) == datetime(2026, 11, 16, 23, 0, tzinfo=UTC)
    assert moment(Sent(), now=night) == night


def test_a_pause_holds_everything() -> None:
    until = NOON + timedelta(hours=12)
    assert moment(Sent(paused_until=until)) == until


def test_quiet_hours_within_one_day_and_none_at_all() -> None:
    inside = datetime(2026, 11, 16, 5, 0, tzinfo=UTC)  # 13:00
    assert after_quiet(inside, (time(12), time(14)), ZONE) == datetime(2026, 11, 16, 6, 0, tzinfo=UTC)
    assert after_quiet(inside, None, ZONE) == inside
    assert after_quiet(inside, (time(13), time(13)), ZONE) == inside


TIMES = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (the zone is given beside)
CLOCKS = st.times().map(lambda at: at.replace(microsecond=0))


@given(TIMES, CLOCKS, CLOCKS)
def test_the_end_of_quiet_hours_is_never_quiet_nor_past(now: datetime, begin: time, end: time) -> None:
    found = after_quiet(now, (begin, end), ZONE)
    assert now <= found <= now + timedelta(days=1)
    assert after_quiet(found, (begin, end), ZONE) == found


@given(TIMES)
def test_midnight_is_ahead_and_within_a_day(now: datetime) -> None:
    found = next_midnight(now, ZONE)
    assert now < found <= now + timedelta(days=1)
    assert found.astimezone(ZONE).time() == time()


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.floats(0, 40)), max_size=60))
def test_no_order_of_letters_breaks_a_limit(letters: list[tuple[int, bool, float]]) -> None:
    now, log = NOON, list[tuple[datetime, int]]()
    for chat, unsolicited, pause in letters:
        now += timedelta(seconds=pause)
        sent = Sent(
            last_in_chat=max((at for at, other in log if other == chat), default=None),
            last_anywhere=max((at for at, _ in log), default=None),
            in_last_minute=tuple(at for at, _ in log if at > now - timedelta(minutes=1)),
        )
        now = moment(sent, now=now, unsolicited=unsolicited)
        log.append((now, chat))
    times = [at for at, _ in log]
    assert all(later - early >= timedelta(minutes=1) for early, later in zip(times, times[10:], strict=False))
    assert all(later - early >= timedelta(seconds=3) for early, later in itertools.pairwise(times))
