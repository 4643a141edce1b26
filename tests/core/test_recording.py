"""What is recorded: each message once, with its counts and answers, and nothing that nobody agreed to."""

from datetime import timedelta

import pytest
from sqlalchemy import event as hooks

from bot.events import (
    GroupRef,
    GroupSnapshot,
    MemberInfo,
    MembershipChange,
    Message,
    MessageKind,
    PersonRef,
    Role,
    TopicChange,
)
from bot.store.tables import DailyCount, Group, Member, Person, PersonName
from bot.testing import BOT, PLATFORM, Town, person
from tests.conftest import MakeTown
from tests.core.support import count_of, counted, messages, outbox, recounted, rows

GROUP = "村务群"
PEOPLE = ("赵支书", "钱支书", "孙支书", "李会计")
NOTICE = "【通知】请各村于11月27日17:00前报送普法工作总结，收到请回复"


@pytest.fixture
async def village(town: Town) -> Town:
    await town.found(GROUP, PEOPLE, "赵支书")
    return town


async def test_a_message_is_counted_once_whatever_is_redelivered(village: Town) -> None:
    before = len(messages(village.app))
    message = await village.say(GROUP, "赵支书", NOTICE)
    once = counted(village.app)
    stub = village.channel.stub([message], village.clock.now(), message.native_id)
    other = village.channel.stub([message], village.clock.now(), "the same under another event id")
    await village.app.inbox.accept([stub, stub, other])
    await village.app.inbox.accept([stub])
    await village.settle()
    assert len(messages(village.app)) == before + 1
    assert counted(village.app) == once == recounted(village.app)


async def test_a_message_twice_in_one_batch_is_counted_once(village: Town) -> None:
    now = village.clock.now()
    message = village.channel.message(GROUP, "赵支书", NOTICE, now, native_id="twice")
    stubs = [village.channel.stub([message], now, f"event {number}") for number in range(3)]
    await village.app.inbox.accept(stubs)
    await village.settle()
    assert [row.native_id for row in messages(village.app)].count("twice") == 1
    assert counted(village.app) == recounted(village.app)


async def test_the_same_id_in_two_groups_is_two_messages(village: Town) -> None:
    await village.found("二组群", PEOPLE, "钱支书")
    now = village.clock.now()
    for group in (GROUP, "二组群"):
        message = village.channel.message(group, "李会计", "在", now, native_id="1")
        await village.app.inbox.accept([village.channel.stub([message], now, f"{group} 1")])
    await village.settle()
    assert [row.native_id for row in messages(village.app)].count("1") == 2


async def test_a_redelivered_command_is_answered_once(village: Town) -> None:
    message = await village.say(GROUP, "李会计", "@减负助手 帮助", mentions=(BOT,))
    village.news()
    again = village.channel.stub([message], village.clock.now(), "redelivered")
    await village.app.inbox.accept([again])
    await village.settle()
    assert village.news() == []


class Killed(BaseException):
    """The process dies here."""


@pytest.mark.parametrize("table", ["message", "daily_count", "notice_post", "outbox", "inbox"])
async def test_message_counts_and_answers_are_one_transaction(village: Town, table: str) -> None:
    """Whichever table's write fails, nothing of the message is there; later all of it is, once."""
    before = (len(messages(village.app)), counted(village.app), len(outbox(village.app)))
    now = village.clock.now()
    notice = village.channel.message(GROUP, "赵支书", NOTICE, now, native_id="n1")
    command = village.channel.message(GROUP, "李会计", "@减负助手 帮助", now, native_id="c1", mentions=(BOT,))
    await village.app.inbox.accept([village.channel.stub([notice, command], now)])
    engine = village.app.store.database.engine

    def die(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith((f"INSERT INTO {table} ", f"UPDATE {table} ")):
            raise Killed

    hooks.listen(engine, "before_cursor_execute", die)
    with pytest.raises(Killed):
        await village.app.worker.step()
    hooks.remove(engine, "before_cursor_execute", die)
    assert (len(messages(village.app)), counted(village.app), len(outbox(village.app))) == before
    village.app.pipeline._forget()  # what a new process would start with
    await village.settle()
    assert len(messages(village.app)) == before[0] + 2
    assert len(outbox(village.app)) == before[2] + 1
    assert counted(village.app) == recounted(village.app)


async def test_counts_equal_a_recount_after_recalls(village: Town) -> None:
    notice = await village.say(GROUP, "赵支书", NOTICE)
    await village.say(GROUP, "李会计", "收到")
    await village.say(GROUP, "李会计", "", kind=MessageKind.IMAGE)
    assert count_of(village.app, "rollcalls") == 1
    await village.recall(notice)
    await village.recall(notice)
    assert count_of(village.app, "rollcalls") == 0
    assert count_of(village.app, "receipts") == 1
    assert count_of(village.app, "photos") == 1
    assert counted(village.app) == recounted(village.app)


async def test_a_recalled_notice_is_no_to_do_any_more(village: Town) -> None:
    notice = await village.say(GROUP, "赵支书", NOTICE)
    assert "普法" in (await village.ask(None, "李会计", "我的待办"))[0].text
    await village.recall(notice)
    assert (await village.ask(None, "李会计", "我的待办"))[0].text == "现在没有待办。"


async def test_system_messages_and_other_bots_demand_nothing(village: Town) -> None:
    before = count_of(village.app, "messages")
    await village.say(GROUP, "系统", "周书记邀请了吴站长", kind=MessageKind.SYSTEM)
    robot = PersonRef(PLATFORM, "robot", "群助手", is_bot=True)
    now = village.clock.now()
    message = Message(PLATFORM, BOT, "r1", GroupRef(PLATFORM, GROUP, GROUP), robot, now, text=NOTICE)
    await village.happen([message])
    assert (
        count_of(village.app, "messages") == before + 1
    )  # the other bot's is to be read, the system's is not
    assert count_of(village.app, "rollcalls") == 0
    assert "普法" not in (await village.ask(None, "李会计", "我的待办"))[0].text


# consent


async def test_nothing_is_recorded_before_the_owner_agrees(town: Town) -> None:
    await town.found(GROUP, PEOPLE, "赵支书", agree=False)
    await town.say(GROUP, "李会计", "收到")
    await town.say(GROUP, "钱支书", NOTICE)
    assert messages(town.app) == []
    assert rows(town.app.store.database, DailyCount) == [] or count_of(town.app, "messages") == 0
    assert {row.name for row in rows(town.app.store.database, PersonName)} <= {"赵支书", "减负助手"}
    assert len(rows(town.app.store.database, Member)) == 1


async def test_only_the_owner_agrees_and_members_are_known_from_then_on(town: Town) -> None:
    await town.found(GROUP, PEOPLE, "赵支书", agree=False)
    (said,) = await town.ask(GROUP, "李会计", "同意")
    assert "群主" in said.text
    assert messages(town.app) == []
    await town.ask(GROUP, "赵支书", "同意")
    assert {row.name for row in rows(town.app.store.database, PersonName)} >= set(PEOPLE)
    await town.say(GROUP, "李会计", "收到")
    assert len(messages(town.app)) == 1
    assert "已经同意" in (await town.ask(GROUP, "赵支书", "同意"))[0].text


async def test_a_group_is_greeted_once(town: Town) -> None:
    town.channel.add_group(GROUP, PEOPLE, "赵支书")
    for _ in range(3):
        town.clock.advance(60)
        await town.happen([town.channel.snapshot_at(GROUP, town.clock.now())])
    assert [one.text[:4] for one in town.news()] == ["大家好，"]


async def test_a_pause_records_nothing_until_resumed(village: Town) -> None:
    await village.ask(GROUP, "赵支书", "暂停")
    before = counted(village.app)
    await village.say(GROUP, "李会计", "收到")
    await village.say(GROUP, "钱支书", NOTICE)
    assert counted(village.app) == before
    assert "没有在记录" in (await village.ask(GROUP, "赵支书", "暂停"))[0].text
    assert "恢复" in (await village.ask(GROUP, "赵支书", "恢复"))[0].text
    await village.say(GROUP, "李会计", "收到")
    assert count_of(village.app, "receipts") == 1


async def test_the_operators_consent_needs_no_owner(make_town: MakeTown) -> None:
    from bot.config import PrivacySettings

    town = make_town(privacy=PrivacySettings(consent="operator"))
    town.channel.add_group(GROUP, PEOPLE, "赵支书")
    await town.happen([town.channel.snapshot_at(GROUP, town.clock.now())])
    await town.say(GROUP, "李会计", "收到")
    assert town.news() == []
    assert count_of(town.app, "receipts") == 1


# groups and people change


async def test_people_and_names_are_followed(village: Town) -> None:
    now = village.clock.now()
    ref = GroupRef(PLATFORM, GROUP, GROUP)
    newcomer = MemberInfo(person("吴站长"), Role.ADMIN)
    await village.happen([MembershipChange("c1", ref, now, joined=(newcomer,), left=(person("钱支书"),))])
    await village.happen([TopicChange("c2", GroupRef(PLATFORM, GROUP, "新村务群"), now)])
    (group,) = rows(village.app.store.database, Group)
    assert group.name == "新村务群"
    names = {row.person_id: row.name for row in rows(village.app.store.database, PersonName)}
    members = {
        names[row.person_id]: (row.role, row.left_at) for row in rows(village.app.store.database, Member)
    }
    assert members["吴站长"] == ("admin", None)
    assert members["钱支书"] == ("member", now)
    assert members["赵支书"] == ("owner", None)


async def test_a_complete_snapshot_tells_who_left_and_an_incomplete_one_does_not(village: Town) -> None:
    ref, now = GroupRef(PLATFORM, GROUP, GROUP), village.clock.now() + timedelta(hours=1)
    some = (MemberInfo(person("赵支书"), Role.OWNER),)
    await village.happen([GroupSnapshot(ref, some, now, complete=False)])
    assert all(row.left_at is None for row in rows(village.app.store.database, Member))
    await village.happen([GroupSnapshot(ref, some, now)])
    here = [row for row in rows(village.app.store.database, Member) if row.left_at is None]
    assert len(here) == 1


async def test_people_are_stored_under_a_keyed_hash_and_never_by_their_id(village: Town) -> None:
    people = rows(village.app.store.database, Person)
    assert len({row.key for row in people}) == len(people) == len(PEOPLE) + 1
    for row in people:
        assert len(row.key) == 64
        assert all(name.encode() not in (row.sealed_id or b"") for name in (*PEOPLE, BOT))
