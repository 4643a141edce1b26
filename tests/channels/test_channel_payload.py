"""The pure parts: what a gateway says, read without trusting it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.cleaning import clean_name, clean_text
from bot.channels.wechaty import WechatyChannel
from bot.channels.wechaty_payload import (
    body_of,
    event_fields,
    event_time,
    id_field,
    id_list,
    kind_of,
    names_everybody,
    recalled_id,
    sent_at,
    split_quote,
)
from bot.channels.wechaty_rpc import parse_endpoint
from bot.clock import SystemClock
from bot.errors import ConfigError, PayloadError
from bot.events import MessageKind, Quote

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        (1_795_420_000, datetime(2026, 11, 23, 7, 46, 40, tzinfo=UTC)),
        (1_795_420_000_000, datetime(2026, 11, 23, 7, 46, 40, tzinfo=UTC)),
        (1_795_420_000_000_000, datetime(2026, 11, 23, 7, 46, 40, tzinfo=UTC)),
        (1_795_420_000_500, datetime(2026, 11, 23, 7, 46, 40, 500_000, tzinfo=UTC)),
        (int(NOW.timestamp()) + 86_000, NOW + timedelta(seconds=86_000)),
        (int(NOW.timestamp()) + 87_000, NOW),
        (0, NOW),
        (-5, NOW),
        (2**64 - 5, NOW),  # -5 as an unsigned number
        (253_402_300_799, NOW),  # year 9999
        (253_402_300_799_000, NOW),
        (1_200_000_000, NOW),  # 2008, before the platform
    ],
)
def test_times_are_believed_only_where_possible(timestamp: int, expected: datetime) -> None:
    assert sent_at(timestamp, NOW) == expected


@given(st.integers(min_value=-(2**70), max_value=2**70))
def test_any_number_gives_a_time_not_after_tomorrow(timestamp: int) -> None:
    assert datetime(2011, 1, 1, tzinfo=UTC) <= sent_at(timestamp, NOW) <= NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "quote", "reply"),
    [
        (
            "「张三：收到请回复」\n- - - - - - - - - - - - - - -\n收到",
            Quote("收到请回复", sender_name="张三"),
            "收到",
        ),
        ("「张三：多\n行」\n- - - - -\n好的\n马上", Quote("多\n行", sender_name="张三"), "好的\n马上"),
        ("「只有引文」\n- - -\n好", Quote("只有引文"), "好"),
        ("「张三：看「重要」通知」\n- - - -\n", Quote("看「重要」通知", sender_name="张三"), ""),
        ("「张三：收到」", None, "「张三：收到」"),
        ("「张三：收到」\n- - - 不是横线\n好", None, "「张三：收到」\n- - - 不是横线\n好"),
        ("「张三：收到」\n- - - - -", None, "「张三：收到」\n- - - - -"),
        ("说「好」\n- - -\n的", None, "说「好」\n- - -\n的"),
        ("", None, ""),
    ],
)
def test_quotes_are_split_off(text: str, quote: Quote | None, reply: str) -> None:
    assert split_quote(text) == (quote, reply)


@given(st.text(alphabet="「」：\n- 张a", max_size=60))
def test_a_quote_never_invents_or_breaks(text: str) -> None:
    quote, reply = split_quote(text)
    assert text.endswith(reply)
    assert quote is None or (quote.text in text and reply != text)


@pytest.mark.parametrize(
    ("text", "ids", "called"),
    [
        ("@所有人 开会", [], True),
        ("开会 @全体成员", [], True),
        ("@all\u2005meeting", [], True),
        ("收到", ["notify@all"], True),
        ("联系 zhang@allen.cn", [], False),
        ("@allen 你好", ["wxid_allen"], False),
        ("所有人都到了", [], False),
    ],
)
def test_a_call_to_everybody(text: str, ids: list[str], called: bool) -> None:  # noqa: FBT001
    assert names_everybody(text, ids) is called


def test_kinds_are_those_of_the_wire_and_a_typed_chain_is_one() -> None:
    kinds = [kind_of(n, "") for n in range(20)]
    assert kinds[7] is MessageKind.TEXT
    assert kinds[6] is MessageKind.IMAGE
    assert kinds[10] is MessageKind.CHAIN
    assert kinds[15] is MessageKind.VIDEO
    assert kinds[17:] == [MessageKind.UNKNOWN] * 3
    assert kind_of(7, "#接龙\n1. 张三") is MessageKind.CHAIN
    assert kind_of(7, "请接龙") is MessageKind.TEXT


def test_markup_of_the_platform_is_no_text() -> None:
    assert body_of(MessageKind.IMAGE, "<msg><img/></msg>") == ""
    assert body_of(MessageKind.TEXT, "<b>粗</b>") == "<b>粗</b>"
    assert body_of(MessageKind.LINK, "关于防汛") == "关于防汛"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("3815432934867", "3815432934867"),
        (" cmw@x.1:2-3 \n", "cmw@x.1:2-3"),
        ("<sysmsg><revokemsg><newmsgid>381</newmsgid></revokemsg></sysmsg>", "381"),
        ("“张三”撤回了一条消息", None),
        ("", None),
    ],
)
def test_what_a_recall_takes_back(text: str, found: str | None) -> None:
    assert recalled_id(text) == found


@given(st.text(alphabet=st.characters(), max_size=200))
def test_cleaned_text_can_be_stored_anywhere(text: str) -> None:
    cleaned = clean_text(text + "\ud800")
    assert "\0" not in cleaned
    assert cleaned.encode()


@given(st.text(alphabet=st.characters(), max_size=200))
def test_cleaned_name_is_one_line(name: str) -> None:
    cleaned = clean_name(name + "\n\x1b[31m\u202e\ud800")
    assert len(cleaned) <= 64
    assert cleaned == cleaned.strip()
    assert len(cleaned.splitlines()) <= 1
    assert not {"\x1b", "\u202e", "\n", "\t", "\0"} & set(cleaned)
    assert cleaned.encode() is not None


def test_family_emoji_keeps_its_joiners() -> None:
    assert clean_name("👨‍👩‍👧 家长") == "👨‍👩‍👧 家长"


@pytest.mark.parametrize("payload", [None, b"", b"{", b"\xff", b"[]", b"null", b'"text"', b"[" * 100_000])
def test_what_is_no_json_object_is_refused(payload: bytes | None) -> None:
    with pytest.raises(PayloadError, match="room-join 事件的内容不是 JSON"):
        event_fields(payload, "room-join")


def test_fields_of_a_wrong_type_are_not_believed() -> None:
    fields = {"roomId": 7, "ids": ["a", 3, "", None, "b"], "timestamp": "soon"}
    with pytest.raises(PayloadError, match="roomId"):
        id_field(fields, "roomId", "room-join")
    assert id_list(fields, "ids") == ["a", "b"]
    assert id_list(fields, "roomId") == []
    assert event_time(fields, NOW) == NOW
    for number in (True, 10**400, -(10**400), float("nan"), float("inf")):
        assert event_time({"timestamp": number}, NOW) == NOW
    assert event_time({"timestamp": 1_795_420_000.5}, NOW) == datetime(2026, 11, 23, 7, 46, 40, 500_000, UTC)


@pytest.mark.parametrize("endpoint", ["", "localhost", ":80", "h:", "h:0", "h:65536", "h:８０", "http://h"])
def test_an_endpoint_that_is_none_names_what_would_be_right(endpoint: str) -> None:
    with pytest.raises(ConfigError, match="host:port"):
        parse_endpoint(endpoint)


def test_endpoints() -> None:
    assert parse_endpoint("gateway.local:8788") == ("gateway.local", 8788)
    assert parse_endpoint("[::1]:8788") == ("::1", 8788)


@pytest.mark.parametrize("token", ["", "口令甲", "a b", "a\n"])
def test_a_token_that_cannot_be_one_is_refused_without_being_shown(tmp_path: Path, token: str) -> None:
    with pytest.raises(ConfigError, match=r"channel\.token") as raised:
        WechatyChannel("w", "127.0.0.1:1", token, data_dir=tmp_path, clock=SystemClock())
    assert not token or token not in str(raised.value)
