"""The program itself, `jianfu run`, on a real Wechaty gateway: what a county would see."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.gateway_fixtures import BOT, Gateway
from tests.story.support import Bot, command, to, until_sent

pytestmark = pytest.mark.gateway

OFFICE = """
[office]
chats = ["office@room"]
"""

PEOPLE = ("zhang", "li", "wang", "zhao", "qian")


@pytest_asyncio.fixture
async def bot(gateway: Gateway, tmp_path: Path) -> AsyncIterator[Bot]:
    for who in PEOPLE:
        await gateway.contact(who, f"名{who}")
    running = Bot(tmp_path, gateway, OFFICE)
    yield running
    running.stop()


async def test_one_notice_in_three_groups_is_one_notice(gateway: Gateway, bot: Bot) -> None:
    rooms = {"town@room": "镇工作群", "united@room": "统战群", "women@room": "妇联群"}
    for room, topic in rooms.items():
        await gateway.room(room, topic, [BOT, *PEOPLE], "zhang")
    bot.start()
    for room in rooms:
        assert "已开始记录" in await command_when_up(gateway, "zhang", "同意", room)

    notice = "【通知】请各村于11月30日17:00前报送普法工作总结，收到请回复"
    await gateway.say("zhang", notice, room="town@room")
    for who in ("li", "wang", "zhao"):
        await gateway.say(who, "收到", room="town@room")
    await gateway.say("zhang", notice, room="united@room")
    await gateway.say("zhang", f"转发：{notice}", room="women@room")
    sent = await until_sent(
        gateway,
        lambda sent: all(
            any("无需重复回复" in text for text in to(sent, room)) for room in ("united@room", "women@room")
        ),
    )
    for room in ("united@room", "women@room"):
        lines = [text for text in to(sent, room) if "无需重复回复" in text]
        assert len(lines) == 1
        assert "3人" in lines[0]
        assert not any(f"名{who}" in lines[0] for who in PEOPLE)
    assert not [text for text in to(sent, "town@room") if "无需重复回复" in text]

    told = await command(gateway, "zhang", "回执")
    assert "3/4" in told
    assert "名qian" in told
    assert "名li" not in (await command(gateway, "zhang", "回执", "town@room"))
    assert "11月30日17:00前" in await command(gateway, "qian", "我的待办")
    assert "消息" in await command(gateway, "li", "我的负担")
    assert "要求回复 1 次" in await command(gateway, "li", "本群负担", "town@room")

    assert "撤回" in await command(gateway, "zhang", "减负模式 撤回", "women@room")
    other = "请各网格今天18:00前上报独居老人名册，收到请回复"
    await gateway.say("zhang", other, room="town@room")
    await gateway.say("li", "收到", room="town@room")
    await gateway.say("zhang", other, room="women@room")
    # The gateway refuses to recall: the line is said instead.
    await until_sent(
        gateway, lambda sent: len([text for text in to(sent, "women@room") if "无需重复回复" in text]) == 2
    )
    assert (await gateway.calls())["messageRecall"] == 1

    data = json.loads(bot.jianfu("digest", "--format", "json", "--from", "2000-01-01"))
    totals = data["totals"]
    assert totals["rollcalls"] == 5
    assert totals["distinct_rollcalls"] == 2
    assert totals["redundant_rollcalls"] == 3
    assert totals["receipts"] == 4
    log = bot.log()
    assert gateway.token not in log
    assert "普法" not in log
    assert {path.name for path in bot.folder.iterdir()} == {"config.toml", "data", "out.txt"}


async def command_when_up(gateway: Gateway, who: str, text: str, room: str) -> str:
    """Address a bot that may still be starting: talk until it greets, as a group would."""
    async with asyncio.timeout(60):
        while not to(await gateway.sent(), room):
            await gateway.say(who, "大家好", room=room)
            await asyncio.sleep(0.5)
    return await command(gateway, who, text, room)
