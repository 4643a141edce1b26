"""What becomes of a letter: its states, the limits, and what happens when the platform refuses."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from bot.config import LimitSettings
from bot.errors import GatewayUnavailableError, SendRefusedError, SendUncertainError
from bot.store.health import health
from bot.store.tables_work import OutboxMessage
from bot.testing import BOT, Town
from tests.conftest import MONDAY, MakeTown
from tests.core.support import WatchedChannel, change, count_of, outbox

GROUP = "村务群"
PEOPLE = ("赵支书", "钱支书", "孙支书", "李会计")


async def founded(make_town: MakeTown, **sections: object) -> tuple[Town, WatchedChannel]:
    channel = WatchedChannel()
    town = make_town(channel=channel, **sections)
    channel.clock = town.clock
    await town.found(GROUP, PEOPLE, "赵支书")
    channel.left.clear()
    channel.tried = 0
    return town, channel


class Killed(BaseException):
    """The process dies here."""


async def test_a_letter_is_pending_then_sending_then_sent_and_keeps_no_text(make_town: MakeTown) -> None:
    town, channel = await founded(make_town)
    seen: list[str] = []
    channel.before_send = lambda: seen.append(outbox(town.app)[-1].state)
    town.clock.advance(1)
    await town.app.inbox.accept(
        [
            channel.stub(
                [channel.message(GROUP, "李会计", "帮助", town.clock.now(), mentions=(BOT,))],
                town.clock.now(),
            )
        ]
    )
    await town.app.worker.step()
    letter = outbox(town.app)[-1]
    assert (letter.state, letter.attempts) == ("pending", 0)
    assert b"\xe6" not in letter.sealed  # sealed, not clear
    await town.settle()
    letter = outbox(town.app)[-1]
    assert seen == ["sending"]
    assert (letter.state, letter.attempts, letter.sealed) == ("sent", 1, b"")
    assert letter.finished_at is not None
    assert letter.native_id.startswith("b")


async def test_an_uncertain_letter_is_unknown_and_never_sent_again(make_town: MakeTown) -> None:
    town, channel = await founded(make_town)
    channel.failures = [SendUncertainError("没有收到回音")]
    assert await town.ask(GROUP, "李会计", "帮助") == []
    assert outbox(town.app)[-1].state == "unknown"
    for _ in range(3):
        town.clock.advance(hours=1)
        await town.settle()
    again = make_town(town.clock.now(), channel=channel)
    await again.settle()
    assert channel.tried == 1
    told = health(again.app.store.database, MONDAY).unknown_letters
    assert [reason for _, _, reason in told] == ["没有收到回音"]


async def test_what_was_being_sent_when_the_process_died_is_unknown_after_the_restart(
    make_town: MakeTown,
) -> None:
    town, channel = await founded(make_town)
    channel.failures = [Killed()]
    with pytest.raises(Killed):
        await town.ask(GROUP, "李会计", "帮助")
    assert outbox(town.app)[-1].state == "sending"
    again = make_town(town.clock.now(), channel=channel)
    sender = asyncio.create_task(again.app.outbox.run())
    while outbox(again.app)[-1].state == "sending":  # noqa: ASYNC110 (the database is what is asked)
        await asyncio.sleep(0)
    answers = await again.ask(GROUP, "李会计", "帮助")  # the sender goes on with other letters
    sender.cancel()
    await asyncio.gather(sender, return_exceptions=True)
    assert [letter.state for letter in outbox(again.app)[-2:]] == ["unknown", "sent"]
    assert len(answers) == 1
    assert channel.tried == 2


async def test_a_refused_letter_is_tried_again_and_given_up_after_five_times(make_town: MakeTown) -> None:
    town, channel = await founded(make_town)
    channel.failures = [SendRefusedError("不行")] * 9
    await town.ask(GROUP, "李会计", "帮助")
    await town.settle(300)
    letter = outbox(town.app)[-1]
    assert (letter.state, letter.reason) == ("dead", "不行")
    assert channel.tried == 5


async def test_a_gateway_that_is_away_for_a_moment_loses_no_answer(make_town: MakeTown) -> None:
    town, channel = await founded(make_town)
    channel.failures = [GatewayUnavailableError("断了")] * 2
    assert len(await town.ask(GROUP, "李会计", "帮助")) == 1
    assert outbox(town.app)[-1].state == "sent"
    assert channel.tried == 3


async def test_nothing_is_tried_while_the_gateway_is_away(make_town: MakeTown) -> None:
    town, channel = await founded(make_town)
    channel.connected = False
    assert await town.ask(GROUP, "李会计", "帮助") == []
    assert channel.tried == 0
    channel.connected = True
    await town.settle()
    assert len(town.news()) == 1


async def test_a_refused_private_answer_falls_back_to_its_group(make_town: MakeTown) -> None:
    town, channel = await founded(make_town)
    channel.unreachable.add("李会计")
    said = await town.ask(GROUP, "李会计", "我的负担")
    assert [(one.group, one.person) for one in said] == [(GROUP, None)]
    assert said[0].text == town.app.texts("private_unreachable")
    assert {letter.state for letter in outbox(town.app)} == {"sent", "dead"}


async def test_too_frequent_stops_all_sending_for_twelve_hours_even_after_a_restart(
    make_town: MakeTown,
) -> None:
    town, channel = await founded(make_town)
    channel.failures = [SendRefusedError("操作频繁，请稍后再试")]
    asked = town.clock.now()
    assert await town.ask(GROUP, "李会计", "帮助") == []
    town.clock.advance(hours=11, minutes=50)
    again = make_town(town.clock.now(), channel=channel)
    channel.clock = again.clock
    await again.settle()
    assert channel.tried == 1
    again.clock.advance(minutes=10)
    await again.settle()
    assert len(channel.left) == 1
    assert channel.left[0][0] - asked >= timedelta(hours=12)


async def test_a_letter_that_came_too_late_is_given_up(make_town: MakeTown) -> None:
    town, channel = await founded(make_town)
    channel.connected = False
    await town.ask(GROUP, "李会计", "帮助")
    await town.found("新群", PEOPLE, "钱支书", agree=False)
    late = town.clock.now() + timedelta(hours=2)
    waiting = update(OutboxMessage).where(col(OutboxMessage.kind) == "unsolicited")
    change(town.app, lambda session: session.execute(waiting.values(expires_at=late)))
    town.clock.advance(hours=2)
    channel.connected = True
    await town.settle()
    assert {letter.state for letter in outbox(town.app) if letter.kind == "unsolicited"} == {"sent", "dead"}
    assert [one.text.startswith("大家好") for one in town.news()] == [False]


async def test_answers_wait_two_to_six_seconds_and_keep_their_distance(make_town: MakeTown) -> None:
    town, channel = await founded(make_town, limits=LimitSettings())
    stubs, asked = [], town.clock.now()
    for number in range(24):
        message = channel.message(GROUP, "李会计", f"完成 {number + 100}", asked, mentions=(BOT,))
        stubs.append(channel.stub([message], asked))
    await town.app.inbox.accept(stubs)
    await town.settle(300)
    times = [at for at, _ in channel.left]
    assert len(times) == 24
    assert 2 <= (times[0] - asked).total_seconds() <= 7
    gaps = [(later - early).total_seconds() for early, later in itertools.pairwise(times)]
    assert min(gaps) >= 3
    assert all((b - a).total_seconds() >= 60 for a, b in zip(times, times[10:], strict=False))


async def test_between_chats_lie_three_to_five_seconds(make_town: MakeTown) -> None:
    town, channel = await founded(make_town, limits=LimitSettings(reply_delay=(0, 0)))
    await town.found("二组群", PEOPLE, "钱支书")
    town.clock.advance(minutes=5)
    channel.left.clear()
    now = town.clock.now()
    stubs = [
        channel.stub([channel.message(group, "李会计", "帮助", now, mentions=(BOT,))], now)
        for group in (GROUP, "二组群")
    ]
    await town.app.inbox.accept(stubs)
    await town.settle()
    (first, _), (second, _) = channel.left
    assert 3 <= (second - first).total_seconds() <= 6


async def test_the_two_hundred_and_first_message_waits_for_the_next_day(make_town: MakeTown) -> None:
    town, channel = await founded(make_town, limits=LimitSettings(per_day=5, reply_delay=(0, 0)))
    for _ in range(7):
        await town.say(GROUP, "李会计", "@减负助手 帮助", mentions=(BOT,))
    sent_today = len(outbox(town.app)) - 7 + len(channel.left)
    assert sent_today == 5
    town.clock.set(datetime(2026, 11, 16, 16, 0, 1, tzinfo=UTC))  # midnight in China
    await town.settle(120)
    assert len(channel.left) == 7


async def test_a_third_unsolicited_message_and_night_wait_for_the_morning(make_town: MakeTown) -> None:
    channel = WatchedChannel()
    night = datetime(2026, 11, 16, 15, 30, tzinfo=UTC)  # 23:30
    town = make_town(night, channel=channel, limits=LimitSettings())
    channel.clock = town.clock
    channel.add_group(GROUP, PEOPLE, "赵支书")
    await town.happen([channel.snapshot_at(GROUP, night)])
    assert channel.left == []  # the greeting waits
    assert (await town.ask(GROUP, "李会计", "帮助"))[0].group == GROUP  # an answer does not
    town.clock.set(datetime(2026, 11, 16, 23, 0, tzinfo=UTC))  # 07:00
    await town.settle()
    assert [one.text[:3] for one in town.news()] == ["大家好"]


async def test_what_the_bot_says_in_a_group_is_counted_once_also_when_the_gateway_shows_it_again(
    make_town: MakeTown,
) -> None:
    town, channel = await founded(make_town)
    before = count_of(town.app, "bot_messages")
    assert before == 2  # greeting, consent
    (said,) = await town.ask(GROUP, "李会计", "帮助")
    assert count_of(town.app, "bot_messages") == 3
    counted = count_of(town.app, "messages")
    echo = channel.message(GROUP, BOT, said.text, town.clock.now(), own=True, native_id="b-echo")
    await town.happen([echo])
    assert count_of(town.app, "bot_messages") == 3
    assert count_of(town.app, "messages") == counted
    assert await town.ask(None, "李会计", "帮助")  # private answers are no noise in a group
    assert count_of(town.app, "bot_messages") == 3


async def test_the_same_key_is_never_put_in_twice(make_town: MakeTown) -> None:
    town, channel = await founded(make_town)
    await town.happen([channel.snapshot_at(GROUP, town.clock.now())])
    assert [letter.key for letter in outbox(town.app)].count("greeting:1") == 1
    assert len({letter.key for letter in outbox(town.app)}) == len(outbox(town.app))
