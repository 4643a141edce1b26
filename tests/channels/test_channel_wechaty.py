"""The Wechaty channel on a real gateway."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from bot.channels.base import Outgoing, Stub, Target
from bot.channels.wechaty import WechatyChannel
from bot.clock import SystemClock
from bot.errors import PayloadError
from bot.events import GroupRef, GroupSnapshot, MembershipChange, Message, MessageKind, Recall
from tests.channels.contract import ChannelContract, MemoryInbox, running, until
from tests.gateway_fixtures import BOT, Gateway, message

pytestmark = pytest.mark.gateway

GROUP = "g1@chatroom"


class WechatyHarness:
    def __init__(self, gateway: Gateway, data_dir: Path) -> None:
        self.gateway = gateway
        self.inbox = MemoryInbox()
        self.channel = WechatyChannel(
            "wechaty", gateway.endpoint, gateway.token, data_dir=data_dir, clock=SystemClock()
        )
        self.group_id = GROUP
        self.people = {"张三": "wxid_zhang", "李四": "wxid_li", "王五": "wxid_wang"}

    async def populate(self) -> None:
        for name, person in self.people.items():
            await self.gateway.contact(person, name)
        members = [BOT, self.people["张三"], self.people["李四"]]
        await self.gateway.room(GROUP, "村干部群", members, self.people["张三"])

    async def says(self, name: str, text: str, mentions: Sequence[str] = ()) -> None:
        await self.gateway.say(self.people[name], text, room=GROUP, mentionIdList=list(mentions))

    async def says_privately(self, name: str, text: str) -> None:
        await self.gateway.say(self.people[name], text)

    async def shows_picture(self, name: str) -> None:
        await self.gateway.say(self.people[name], "<msg><img/></msg>", room=GROUP, type=6)

    async def joins(self, name: str) -> None:
        await self.gateway.do("join", room=GROUP, invitees=[self.people[name]], inviter=self.people["张三"])

    async def leaves(self, name: str) -> None:
        await self.gateway.do("leave", room=GROUP, removees=[self.people[name]], remover=self.people["张三"])

    async def renames(self, topic: str) -> None:
        await self.gateway.do("topic", room=GROUP, topic=topic, by=self.people["张三"])

    async def delivered(self) -> list[tuple[str, str]]:
        return [(s["to"], str(s.get("text", s.get("file")))) for s in await self.gateway.sent()]


@pytest_asyncio.fixture
async def live(gateway: Gateway, tmp_path: Path) -> AsyncIterator[WechatyHarness]:
    made = WechatyHarness(gateway, tmp_path)
    await made.populate()
    async with running(made.channel, made.inbox):
        yield made


class TestWechaty(ChannelContract):
    @pytest_asyncio.fixture
    async def harness(self, live: WechatyHarness) -> WechatyHarness:
        return live


async def received(live: WechatyHarness, number: int) -> list[Message]:
    """Wait for so many messages and return them, resolved a few at a time as the pipeline does."""
    await until(lambda: len(live.inbox.ids()) >= number, what=f"{number} messages")
    few = asyncio.Semaphore(16)

    async def one(stub: Stub) -> list[Message]:
        async with few:
            return [e for e in await live.channel.resolve(stub) if isinstance(e, Message)]

    stubs = [s for s in live.inbox.stubs if s.kind == "message"]
    return [m for found in await asyncio.gather(*(one(s) for s in stubs)) for m in found]


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (0, MessageKind.UNKNOWN),
        (1, MessageKind.FILE),
        (2, MessageKind.VOICE),
        (6, MessageKind.IMAGE),
        (10, MessageKind.CHAIN),
        (13, MessageKind.SYSTEM),
        (15, MessageKind.VIDEO),
        (16, MessageKind.LINK),
        (18, MessageKind.UNKNOWN),
        (77, MessageKind.UNKNOWN),
    ],
)
async def test_no_message_type_is_lost(live: WechatyHarness, number: int, kind: MessageKind) -> None:
    await live.gateway.say("wxid_li", "内容 一", room=GROUP, type=number, filename="台账.xlsx")
    (found,) = await received(live, 1)
    assert found.kind is kind
    assert found.text == "内容 一"
    assert found.file_name == "台账.xlsx"


@pytest.mark.parametrize("number", [9, 14])
async def test_title_of_a_link_or_mini_program_is_its_text(live: WechatyHarness, number: int) -> None:
    sent = await live.gateway.say("wxid_li", "<msg><appmsg/></msg>", room=GROUP, type=number)
    (found,) = await received(live, 1)
    assert found.text == f"mock title for {sent}"


async def test_burst_of_600_in_6_groups_is_complete_in_order_and_cheap(live: WechatyHarness) -> None:
    people = [f"wxid_{n}" for n in range(30)]
    for person in people:
        await live.gateway.contact(person, f"村民{person}")
    rooms = [f"room{n}@chatroom" for n in range(6)]
    for number, room in enumerate(rooms):
        await live.gateway.room(room, f"群{number}", [BOT, *people], people[0])
    before = await live.gateway.calls()
    payloads = [message(people[n % 30], f"第{n}条", room=rooms[n % 6]) for n in range(600)]
    await live.gateway.do("burst", payloads=payloads)
    found = await received(live, 600)
    assert [m.text for m in found] == [p["text"] for p in payloads]
    assert len({m.native_id for m in found}) == 600
    calls = {k: v - before.get(k, 0) for k, v in (await live.gateway.calls()).items()}
    assert calls["messagePayload"] == 600
    assert calls["roomPayload"] == 6
    assert calls["roomMemberPayload"] <= 6 * 31
    assert live.inbox.gaps == []


async def test_every_tenth_payload_call_failing_loses_none(live: WechatyHarness) -> None:
    for call in ("messagePayload", "roomPayload", "contactPayload", "roomMemberPayload"):
        await live.gateway.do("fail", rpc=call, every=10)
    payloads = [message("wxid_li", f"第{n}条", room=GROUP) for n in range(200)]
    await live.gateway.do("burst", payloads=payloads)
    found = await received(live, 200)
    assert [m.text for m in found] == [p["text"] for p in payloads]
    assert (await live.gateway.calls())["messagePayload"] > 200


async def test_redelivered_event_is_the_same_stub(live: WechatyHarness) -> None:
    message_id = await live.gateway.say("wxid_li", "收到", room=GROUP)
    await live.gateway.do("redeliver", message=message_id)
    await live.joins("王五")
    joined = (await _stub(live, "room-join")).payload
    assert joined is not None
    await live.gateway.do("rawEvent", type=19, payload=joined.decode())
    await until(lambda: live.inbox.deliveries == 4)
    assert live.inbox.ids() == [message_id]
    assert [s.kind for s in live.inbox.stubs] == ["message", "room-join"]


async def test_unknown_event_and_broken_payloads_stop_nothing(live: WechatyHarness) -> None:
    await live.gateway.do("rawEvent", type=99, payload='{"new": "thing"}')
    for number in (2, 19, 20, 21):
        await live.gateway.do("rawEvent", type=number, payload="{broken")
        await live.gateway.do("rawEvent", type=number, payload="[]")
    await live.gateway.do("rawEvent", type=25, payload="null")
    await live.says("李四", "还在")
    await until(lambda: len(live.inbox.stubs) == 10)
    assert await live.channel.resolve(live.inbox.stubs[0]) == ()
    for stub in live.inbox.stubs[1:9]:
        with pytest.raises(PayloadError, match="JSON"):
            await live.channel.resolve(stub)
    (*_, last) = await live.channel.resolve(live.inbox.stubs[9])
    assert isinstance(last, Message)
    assert live.channel.connected


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"talkerId": "", "roomId": GROUP}, "没有发送人"),
        ({"talkerId": "wxid_li"}, "既没有群"),
        ({"talkerId": "wxid_li", "roomId": "gone@chatroom"}, "给不出群"),
        ({"talkerId": "wxid_li", "roomId": GROUP, "timestamp": -5}, "给不出消息"),
    ],
)
async def test_unreadable_message_is_dead_with_its_reason(
    live: WechatyHarness, payload: dict[str, object], reason: str
) -> None:
    await live.gateway.do("message", payload={"text": "坏", **payload})
    await until(lambda: bool(live.inbox.stubs))
    with pytest.raises(PayloadError, match=reason):
        await live.channel.resolve(live.inbox.stubs[0])


async def test_unknown_sender_is_recorded_without_a_name(live: WechatyHarness) -> None:
    await live.gateway.say("wxid_stranger", "我是谁", room=GROUP)
    (found,) = await received(live, 1)
    assert found.sender.native_id == "wxid_stranger"
    assert found.sender.name == ""


@pytest.mark.parametrize("name", ["(a+)+$", "=cmd()", "<b>粗</b>", "张\n三\x1b[31m", "\u202e三张", "a\0b"])
async def test_hostile_nickname_is_one_clean_line(live: WechatyHarness, name: str) -> None:
    await live.gateway.contact("wxid_evil", name)
    await live.gateway.say("wxid_evil", f"@{name}\u2005你好", room=GROUP, mentionIdList=["wxid_li"])
    (found,) = await received(live, 1)
    assert found.sender.name.isprintable()
    assert found.mentions == ("wxid_li",)


async def test_own_messages_and_other_bots_are_recognised(live: WechatyHarness) -> None:
    await live.gateway.contact("gh_news", "公众号", type=2)
    await live.gateway.say("gh_news", "推送", room=GROUP)
    await live.channel.send(Outgoing(Target(group_id=GROUP), "本群负担"))
    pushed, own = await received(live, 2)
    assert pushed.sender.is_bot
    assert not pushed.own
    assert own.own
    assert own.sender.is_bot


async def test_bots_that_the_settings_name_are_no_people(gateway: Gateway, tmp_path: Path) -> None:
    live = WechatyHarness(gateway, tmp_path)
    live.channel = WechatyChannel(
        "wechaty",
        gateway.endpoint,
        gateway.token,
        data_dir=tmp_path,
        clock=SystemClock(),
        bots=("wxid_li",),
    )
    await live.populate()
    async with running(live.channel, live.inbox):
        await live.says("李四", "本群今日签到 3 人")
        (found,) = await received(live, 1)
        assert found.sender.is_bot
        assert not found.own
        snapshot = await live.channel.snapshot(GROUP)
    assert {m.person.name for m in snapshot.members if m.person.is_bot} == {"减负助手", "李四"}


async def test_quote_and_recall(live: WechatyHarness) -> None:
    quoting = "「张三：收到请回复」\n- - - - - - - - - - - - - - -\n为什么"
    first = await live.gateway.say("wxid_li", quoting, room=GROUP)
    await live.gateway.say("wxid_li", first, room=GROUP, type=13)
    await until(lambda: len(live.inbox.stubs) == 2)
    found = (await live.channel.resolve(live.inbox.stubs[0]))[-1]
    assert isinstance(found, Message)
    assert found.text == "为什么"
    assert found.quote is not None
    assert (found.quote.sender_name, found.quote.text) == ("张三", "收到请回复")
    (recall,) = await live.channel.resolve(live.inbox.stubs[1])
    assert isinstance(recall, Recall)
    assert recall.message_id == first


async def test_a_snapshot_comes_again_with_the_message_that_brought_it(live: WechatyHarness) -> None:
    await live.says("张三", "一")
    await live.says("张三", "二")
    await until(lambda: len(live.inbox.stubs) == 2)
    first, second = live.inbox.stubs
    sizes = [len(await live.channel.resolve(stub)) for stub in (first, second, first, second)]
    assert sizes == [2, 1, 2, 1]


async def test_what_the_gateway_calls_dirty_is_asked_again(live: WechatyHarness) -> None:
    await live.says("李四", "一")
    await until(lambda: len(live.inbox.stubs) == 1)
    await live.channel.resolve(live.inbox.stubs[0])
    await live.gateway.do("changeContact", contact="wxid_li", payload={"name": "李四（水利）"})
    for what, item in ((2, "wxid_li"), (3, GROUP), (3, 7), (99, "x")):
        payload = json.dumps({"payloadType": what, "payloadId": item})
        await live.gateway.do("rawEvent", type=27, payload=payload)
    await live.gateway.do("rawEvent", type=27, payload="{broken")
    await live.says("李四", "二")
    await until(lambda: len(live.inbox.stubs) == 2)
    snapshot, found = await live.channel.resolve(live.inbox.stubs[1])
    assert isinstance(found, Message)
    assert found.sender.name == "李四（水利）"
    assert isinstance(snapshot, GroupSnapshot)
    assert found.sender in {m.person for m in snapshot.members}


async def test_bot_added_to_a_group_and_removed(live: WechatyHarness) -> None:
    await live.gateway.room("new@chatroom", "新群", ["wxid_zhang"], "wxid_zhang")
    await live.gateway.do("join", room="new@chatroom", invitees=[BOT], inviter="wxid_zhang")
    snapshot, joined = await live.channel.resolve(await _stub(live, "room-join"))
    assert isinstance(snapshot, GroupSnapshot)
    assert isinstance(joined, MembershipChange)
    assert [m.person.native_id for m in joined.joined] == [BOT]
    assert joined.inviter is not None
    assert joined.inviter.name == "张三"
    await live.gateway.do("leave", room="new@chatroom", removees=[BOT], remover="wxid_zhang")
    (left,) = await live.channel.resolve(await _stub(live, "room-leave"))
    assert isinstance(left, MembershipChange)
    assert left.group == GroupRef("wechat", "new@chatroom")


async def test_groups_of_the_account_are_known_at_login_and_once_a_day(
    gateway: Gateway, tmp_path: Path
) -> None:
    rooms = [f"room{n}@chatroom" for n in range(7)]
    await gateway.contact("wxid_zhang", "张三")
    for room in rooms:
        await gateway.room(room, f"群{room}", [BOT, "wxid_zhang"], "wxid_zhang")
    await gateway.room("left@chatroom", "退了的群", ["wxid_zhang"], "wxid_zhang")
    live = WechatyHarness(gateway, tmp_path)
    async with running(live.channel, live.inbox):
        await until(lambda: bool(live.inbox.rooms))
        took = await until(lambda: len(live.inbox.rooms) == 8, what="all groups")
        assert took > 0.5  # not more than 5 at once
        left, first, *_ = live.inbox.rooms
        assert await live.channel.resolve(left) == ()
        (found,) = await live.channel.resolve(first)
        assert isinstance(found, GroupSnapshot)
        assert found.group == GroupRef("wechat", rooms[0], f"群{rooms[0]}")
        assert {m.person.name for m in found.members} == {"减负助手", "张三"}
        await gateway.room("more@chatroom", "新群", [BOT], BOT)
        await gateway.do("logout")
        await gateway.do("login", contact=BOT)
        await until(lambda: len(live.inbox.rooms) == 9, what="the new group alone")
        assert live.inbox.stubs == []


async def test_a_gateway_that_lists_no_groups_works_all_the_same(gateway: Gateway, tmp_path: Path) -> None:
    live = WechatyHarness(gateway, tmp_path)
    await live.populate()
    await gateway.do("fail", rpc="roomList", every=1)
    async with running(live.channel, live.inbox):
        await live.says("张三", "请各村收到请回复")
        (found,) = await received(live, 1)
        assert found.text == "请各村收到请回复"
        assert (await gateway.calls())["roomList"] == 1
    assert live.inbox.rooms == []


async def test_message_id_of_a_send_is_returned_where_the_gateway_tells(live: WechatyHarness) -> None:
    target = Target(group_id=GROUP)
    assert await live.channel.send(Outgoing(target, "一")) is None
    await live.gateway.do("sendIds", on=True)
    sent = await live.channel.send(Outgoing(target, "二"))
    assert sent == (await live.gateway.sent())[1]["id"]


async def test_recall_is_true_only_when_the_gateway_did_it(live: WechatyHarness) -> None:
    assert await live.channel.recall("m1") is False
    await live.gateway.do("recalls", on=True)
    assert await live.channel.recall("m1") is True


async def _stub(live: WechatyHarness, kind: str) -> Stub:
    await until(lambda: any(s.kind == kind for s in live.inbox.stubs), what=kind)
    return next(s for s in live.inbox.stubs if s.kind == kind)
