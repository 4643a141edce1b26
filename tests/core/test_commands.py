"""How commands are understood, who may use them, and when they are no longer carried out."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.commands import clean, code_in, find
from bot.config import DEFAULT_PLUGINS, OfficeSettings
from bot.events import GroupRef, GroupSnapshot, MemberInfo, Role
from bot.registry import Registry
from bot.testing import BOT, PLATFORM, Said, Town, person
from tests.conftest import MakeTown
from tests.core.support import messages

GROUP = "村务群"
PEOPLE = ("赵支书", "钱支书", "孙支书", "李会计")
COMMANDS = Registry.load(DEFAULT_PLUGINS).commands


@pytest.fixture
async def village(town: Town) -> Town:
    await town.found(GROUP, PEOPLE, "赵支书", admins=("钱支书",))
    return town


def code_of(said: Sequence[Said]) -> str:
    return next(code for one in said if (code := "".join(filter(str.isdigit, one.text))[-6:]))


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("我的负担", "我的负担", ""),
        ("#我的负担 上周", "我的负担", "上周"),
        ("／我的負擔　上週", "我的负担", "上周"),
        ("@减负助手\u2005我的负担", "我的负担", ""),
        ("@减负助手我的负担", "我的负担", ""),
        ("@减负助手 帮助！", "帮助", ""),
        ("ｈｅｌｐ", "帮助", ""),
        ("减负模式:提示", "减负模式", "提示"),
        ("完成3", "完成", "3"),
        ("查重 请报送11月台账", "查重", "请报送11月台账"),
        ("删除我的数据", "删除我的数据", ""),
        ("登记 单位＝石桥镇 用途=防汛", "登记", "单位=石桥镇 用途=防汛"),
    ],
)
def test_a_command_is_understood_however_it_is_typed(text: str, name: str, words: str) -> None:
    call = find(text, COMMANDS)
    assert call is not None
    assert (call.command.name, call.words) == (name, words)


@pytest.mark.parametrize(
    "text", ["", "你好", "帮助一下老人", "同意了他的意见", "今天我的负担好重", "@李会计 在吗"]
)
def test_talk_is_no_command(text: str) -> None:
    assert find(text, COMMANDS) is None


def test_six_digits_alone_are_a_code() -> None:
    assert code_in("@减负助手 １２３４５６") == "123456"
    assert code_in("1234567") is None
    assert code_in("验证码123456") is None
    assert clean("  #帮助 ") == "帮助"


async def test_the_bot_is_addressed_by_id_not_by_its_name(village: Town) -> None:
    village.news()
    await village.say(GROUP, "李会计", "@减负助手 帮助")
    assert village.news() == []
    await village.say(GROUP, "李会计", "帮助", mentions=(BOT,))
    assert len(village.news()) == 1


async def test_an_unknown_word_gets_one_short_hint(village: Town) -> None:
    said = await village.ask(GROUP, "李会计", "今天吃什么")
    assert [one.text for one in said] == [village.app.texts("hint")]
    assert len(said[0].text) < 40


async def test_a_command_of_the_backlog_is_recorded_and_not_carried_out(village: Town) -> None:
    late = village.clock.now() - timedelta(minutes=5, seconds=1)
    before = len(messages(village.app))
    assert await village.ask(GROUP, "赵支书", "暂停", at=late) == []
    assert len(messages(village.app)) == before + 1
    assert len(await village.ask(GROUP, "李会计", "帮助", at=village.clock.now() - timedelta(minutes=4))) == 1
    before = len(messages(village.app))
    await village.say(GROUP, "李会计", "收到")
    assert len(messages(village.app)) == before + 1  # not paused


async def test_roles_are_read_when_a_command_is_carried_out(village: Town) -> None:
    assert "已改为" in (await village.ask(GROUP, "赵支书", "减负模式 关闭"))[0].text
    now = village.clock.now()
    members = (MemberInfo(person("赵支书")), MemberInfo(person("钱支书"), Role.OWNER))
    await village.happen([GroupSnapshot(GroupRef(PLATFORM, GROUP, GROUP), members, now)])
    assert "只有群主" in (await village.ask(GROUP, "赵支书", "减负模式 提示"))[0].text
    assert "已改为" in (await village.ask(GROUP, "钱支书", "减负模式 提示"))[0].text


@pytest.mark.parametrize(
    ("who", "command", "allowed"),
    [
        ("赵支书", "暂停", True),
        ("钱支书", "暂停", False),
        ("李会计", "暂停", False),
        ("钱支书", "登记 单位=石桥镇", True),
        ("李会计", "登记 单位=石桥镇", False),
        ("赵支书", "减负模式 提示", True),
        ("钱支书", "减负模式 提示", False),
        ("李会计", "本群负担", True),
        ("李会计", "周报 全县", False),
        ("李会计", "周报 本群", False),
    ],
)
async def test_who_may_use_a_command(village: Town, who: str, command: str, *, allowed: bool) -> None:
    said = await village.ask(GROUP, who, command)
    assert len(said) == 1
    assert ("只有" not in said[0].text) == allowed


async def test_where_roles_are_unknown_any_member_may_agree(town: Town) -> None:
    town.channel.add_group(GROUP, PEOPLE)
    await town.happen([town.channel.snapshot_at(GROUP, town.clock.now())])
    await town.ask(GROUP, "李会计", "同意")
    await town.say(GROUP, "李会计", "收到")
    assert len(messages(town.app)) == 1


async def test_help_names_what_this_person_may_use_here_and_nothing_else(village: Town) -> None:
    def named(said: list[Said]) -> str:
        return "\n".join(one.text for one in said)

    owner = named(await village.ask(GROUP, "赵支书", "帮助"))
    member = named(await village.ask(GROUP, "李会计", "帮助"))
    private = named(await village.ask(None, "李会计", "帮助"))
    assert "减负模式" in owner
    assert "减负模式" not in member
    assert "本群负担" in member
    assert "本群负担" not in private
    assert "我的待办" in private


async def test_an_office_member_may_ask_for_the_county(make_town: MakeTown) -> None:
    town = make_town(office=OfficeSettings(chats=("县减负办",)))
    await town.found("县减负办", ("何主任",), "何主任")
    await town.found(GROUP, PEOPLE, "赵支书")
    assert "只有" not in (await town.ask(None, "何主任", "周报 全县"))[0].text
    assert "只有县减负办" in (await town.ask(None, "李会计", "周报 全县"))[0].text


# confirmation codes


async def test_deletion_asks_for_a_code_and_the_code_works_once(village: Town) -> None:
    code = code_of(await village.ask(None, "李会计", "删除我的数据"))
    assert [one.text for one in await village.ask(None, "李会计", code)] == ["您的数据已删除。"]
    assert "不对或已过期" in (await village.ask(None, "李会计", code))[0].text


async def test_a_code_is_good_for_sixty_seconds(village: Town) -> None:
    code = code_of(await village.ask(None, "李会计", "删除我的数据"))
    village.clock.advance(57)
    assert (await village.ask(None, "李会计", code))[0].text == "您的数据已删除。"
    code = code_of(await village.ask(None, "钱支书", "删除我的数据"))
    village.clock.advance(61)
    assert "不对或已过期" in (await village.ask(None, "钱支书", code))[0].text


async def test_a_code_is_good_for_the_same_person_in_the_same_chat_only(village: Town) -> None:
    code = code_of(await village.ask(GROUP, "李会计", "删除我的数据"))
    for group, who in ((GROUP, "孙支书"), (None, "李会计"), (None, "孙支书")):
        assert "不对或已过期" in (await village.ask(group, who, code))[0].text
    assert (await village.ask(GROUP, "李会计", code))[0].text == "您的数据已删除。"


async def test_a_wrong_code_does_nothing(village: Town) -> None:
    code = code_of(await village.ask(None, "李会计", "删除我的数据"))
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    assert "不对或已过期" in (await village.ask(None, "李会计", wrong))[0].text
