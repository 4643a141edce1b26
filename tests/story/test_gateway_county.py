"""Six groups and thirty people on a real gateway: what is counted is what was sent, and digests go out once."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from tests.gateway_fixtures import BOT, Gateway, message
from tests.story.support import AGREED, Bot, command, to, until_sent

pytestmark = pytest.mark.gateway

ZONE = ZoneInfo("Asia/Shanghai")
PEOPLE = [f"wxid_{number:02}" for number in range(30)]
MATTERS = ("防汛物资储备", "秸秆禁烧巡查", "高龄津贴发放", "森林防火宣传", "村级账务公开", "义务教育保障")
ROOMS = {f"room{number}@chatroom": f"{matter}群" for number, matter in enumerate(MATTERS)}
IMAGE, FILE, CHAIN = 6, 1, 10
BURST = 60


@pytest_asyncio.fixture
async def county(gateway: Gateway) -> Gateway:
    for number, who in enumerate(PEOPLE):
        await gateway.contact(who, f"干部{number:02}")
    for room, topic in ROOMS.items():
        await gateway.room(room, topic, [BOT, *PEOPLE], PEOPLE[0])
    return gateway


@pytest_asyncio.fixture
async def bot(county: Gateway, tmp_path: Path) -> AsyncIterator[Bot]:
    running = Bot(tmp_path, county)
    running.start()
    yield running
    running.stop()


def hundred(room: str, matter: str) -> list[dict[str, Any]]:
    """A hundred messages of one group, as people would send them."""
    notice = f"【通知】请各村于12月30日17:00前报送{matter}工作总结，收到请回复"
    chat = [message(who, f"路上有点堵，晚{n}分钟到", room=room) for n, who in enumerate((PEOPLE * 3)[:68])]
    return [
        message(PEOPLE[0], notice, room=room),
        *[message(who, "收到", room=room) for who in PEOPLE[1:21]],
        message(PEOPLE[0], f"请各村马上发一张{matter}的现场照片到群里", room=room),
        *[message(who, "<msg><img/></msg>", room=room, type=IMAGE) for who in PEOPLE[21:26]],
        *[message(who, "", room=room, type=FILE, filename="总结.docx") for who in PEOPLE[26:29]],
        *[
            message(who, f"#接龙\n{matter}\n1. 干部", room=room, type=CHAIN)
            for who in (PEOPLE[29], PEOPLE[0])
        ],
        *chat,
    ]


async def test_600_messages_in_bursts_are_counted_as_sent(county: Gateway, bot: Bot) -> None:
    await bot.until_logged("账号已登录")
    per_room = [hundred(room, matter) for room, matter in zip(ROOMS, MATTERS, strict=True)]
    payloads = [payload for together in zip(*per_room, strict=True) for payload in together]
    assert len(payloads) == 600
    for begin in range(0, 600, BURST):
        await county.do("burst", payloads=payloads[begin : begin + BURST])
    await bot.until_recorded(600)

    data = json.loads(bot.jianfu("digest", "--format", "json", "--from", "2000-01-01"))
    assert {group["name"] for group in data["groups"]} == set(ROOMS.values())
    for counted in (*data["groups"], {name: value / 6 for name, value in data["totals"].items()}):
        assert counted["messages"] == 100
        assert counted["receipts"] == 20
        assert counted["photos"] == 5
        assert counted["photo_demands"] == 1
        assert counted["material_demands"] == 1
        assert counted["rollcalls"] == 3
    assert all(group["members"] == 30 for group in data["groups"])

    room = next(iter(ROOMS))
    answer = await command(county, PEOPLE[3], "本群负担 本月", room)
    assert "消息 101 条" in answer  # with the question
    assert "要求回复 3 次" in answer
    assert bot.ask("SELECT count(*) FROM gap") == [0]
    assert bot.ask("SELECT count(*) FROM inbox WHERE state <> 'done'") == [0]


def exported(now: datetime) -> str:
    """A history of the week before, as another program would have written it."""
    monday = (now - timedelta(days=now.isoweekday() + 6)).replace(hour=9)
    said = [(PEOPLE[0], "【通知】请各村今天下班前报送防汛台账，收到请回复")]
    said += [(who, "收到") for who in PEOPLE[1:8]]
    roles = [[{"id": "owner"}], *[[] for _ in PEOPLE[1:8]]]
    return json.dumps(
        {
            "chatlab": {"version": "0.0.2", "exportedAt": int(now.timestamp())},
            "meta": {"name": "防汛群", "platform": "wechat", "type": "group", "groupId": "flood@chatroom"},
            "members": [
                {"platformId": who, "accountName": f"干部{who}", "roles": role}
                for who, role in zip(PEOPLE, roles, strict=False)
            ],
            "messages": [
                {
                    "sender": who,
                    "accountName": f"干部{who}",
                    "timestamp": int((monday + timedelta(minutes=number)).timestamp()),
                    "type": 0,
                    "content": text,
                    "platformMessageId": f"old{number}",
                }
                for number, (who, text) in enumerate(said)
            ],
        },
        ensure_ascii=False,
    )


async def test_weekly_digest_goes_to_the_owner_once(gateway: Gateway, tmp_path: Path) -> None:
    now = datetime.now(UTC).astimezone(ZONE)
    due = now - timedelta(minutes=2)
    tomorrow = due.isoweekday() % 7 + 1
    digest = "[digest]\nweekday = {}\nat = {:%H:%M:%S}\nspread_minutes = 0\n"
    for number, who in enumerate(PEOPLE[:8]):
        await gateway.contact(who, f"干部{number:02}")
    await gateway.room("flood@chatroom", "防汛群", [BOT, *PEOPLE[:8]], PEOPLE[0])
    bot = Bot(tmp_path, gateway, AGREED + digest.format(tomorrow, due))
    (tmp_path / "history.json").write_text(exported(due), encoding="utf-8")
    bot.jianfu("import", "history.json", "--i-have-consent")
    assert bot.recorded() == 8

    def digests(sent: list[dict[str, Any]]) -> list[str]:
        return [item["to"] for item in sent if "消息 8 条" in item.get("text", "")]

    bot.start()
    try:
        # Nobody says a word: the group and its owner are known from the login.
        known = "SELECT count(*) FROM person WHERE sealed_id IS NOT NULL"
        await bot.until(lambda: bot.ask(known) == [9], what="the members of the group")
        assert bot.stop() == 0
        bot.settle(AGREED + digest.format(due.isoweekday(), due))
        bot.start()
        sent = await until_sent(gateway, lambda sent: bool(digests(sent)))
        (text,) = to(sent, PEOPLE[0])
        assert "消息 8 条" in text
        assert "要求回复 1 次" in text
        assert bot.stop() == 0
        bot.start()
        await bot.until_logged("账号已登录", 3)
        # An answer shows that the outbox is worked off again, and what is due was looked at before.
        assert "帮助" in await command(gateway, PEOPLE[1], "帮助")
        assert digests(await gateway.sent()) == [PEOPLE[0]]
        assert bot.ask("SELECT count(*) FROM outbox WHERE kind = 'digest' AND state = 'sent'") == [1]
    finally:
        bot.stop()
