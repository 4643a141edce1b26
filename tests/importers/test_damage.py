"""Files as they really come: other encodings, other line ends, broken off, far too long."""

import csv
import io
import json

import pytest

from bot.errors import ImportFormatError
from bot.events import Message, MessageKind
from bot.importers.base import Reason, Rejected
from bot.importers.registry import detect
from bot.importers.sources import FileSource
from tests.importers.samples import FILES, options, read, shown

TEXTS = [
    "memotrace_old.csv",
    "memotrace_new.csv",
    "memotrace.txt",
    "pywxdump.csv",
    "weclone.csv",
    "chatlog.csv",
    "qq.txt",
    "qq_12h.txt",
    "chatlab.json",
    "weflow.json",
    "chatlog.json",
    "qq_new.json",
    "telegram.json",
    "telegram_all.json",
]
JSONS = [
    "chatlab.json",
    "weflow.json",
    "chatlog.json",
    "qq_new.json",
    "qq_old.json",
    "telegram.json",
    "telegram_all.json",
]
T = 1763946000


def text_of(name: str) -> str:
    data = (FILES / name).read_bytes()
    return data.decode("gb18030" if name == "qq_12h.txt" else "utf-8-sig")


def beside(name: str, write, data: bytes):
    """Write a file where its companions are missing, and read both the same way."""
    return shown(read(write(data)))


def unnamed(name: str, write):
    return shown(read(write(text_of(name).encode())))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", TEXTS)
def test_encoding_is_found_in_the_bytes(name, encoding, write):
    expected = unnamed(name, write)
    assert beside(name, write, text_of(name).encode(encoding)) == expected


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("name", TEXTS)
def test_line_ends_of_every_kind_are_read(name, end, write):
    plain = text_of(name).replace("\r\n", "\n")
    expected = shown(read(write(plain.encode())))
    assert shown(read(write(plain.replace("\n", end).encode()))) == expected


@pytest.mark.parametrize("name", ["memotrace.txt", "qq.txt", "chatlog.csv"])
def test_mixed_line_ends_are_read(name, write):
    plain = text_of(name).replace("\r\n", "\n")
    lines = plain.split("\n")
    mixed = "".join(line + ("\r\n", "\n")[index % 2] for index, line in enumerate(lines))
    assert shown(read(write(mixed.encode()))) == shown(read(write(plain.encode())))


@pytest.mark.parametrize("name", JSONS)
def test_truncated_json_gives_what_is_complete(name, write):
    data = text_of(name).encode()
    whole = [event for event in read(write(data)) if not isinstance(event, Rejected)]
    begin = data.index(b"}", data.index(b'"messages"') if b'"messages"' in data else 0) + 1
    for cut in range(begin, len(data) - 3, 97):
        events = read(write(data[:cut]))
        kept = [event for event in events if not isinstance(event, Rejected)]
        assert kept == whole[: len(kept)]
        assert Reason.BROKEN in {event.reason for event in events if isinstance(event, Rejected)}
    assert len(kept) >= len(whole) - 3


def test_message_of_a_megabyte_survives(write):
    long = "请各村上报材料，" * 130_000
    rows = [["id", "MsgSvrID", "type_name", "is_sender", "talker", "room_name", "msg", "src", "CreateTime"]]
    rows.append(["1", "1", "文本", "0", "wxid_a", "1@chatroom", long, "", "2025-11-24 09:00:00"])
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    [_, message] = read(write(out.getvalue().encode()))
    assert isinstance(message, Message)
    assert message.text == long
    array = [
        {
            "talker": "1@chatroom",
            "time": "2025-11-24T09:00:00+08:00",
            "sender": "a",
            "type": 1,
            "content": long,
        }
    ]
    [_, message] = read(write(json.dumps(array, ensure_ascii=False).encode()))
    assert message.text == long


@pytest.mark.parametrize("word", ["\\u0000", "\\ud83d", "\\ude00", "\\u2028", "\\u0007"])
def test_unfit_characters_in_json_survive(word, write):
    text = text_of("weflow.json").replace("请各村上报秸秆禁烧照片，收到请回复", f"请上报{word}照片", 1)
    [_, message, *rest] = read(write(text.encode()))
    assert message.text.startswith("请上报")
    assert message.text.endswith("照片")
    assert "\0" not in message.text
    message.text.encode("utf-8")
    assert len(rest) >= 7


def test_raw_control_characters_and_bad_bytes_do_not_stop_a_file(write):
    data = (FILES / "weflow.json").read_bytes().replace("禁烧照片".encode(), b"\x00\x01\xff\xfe", 1)
    events = read(write(data))
    assert len([event for event in events if isinstance(event, Message)]) == 7


def test_nul_in_csv_survives(write):
    data = text_of("chatlog.csv").replace("疫苗", "\0疫\0苗").encode()
    [_, message, *_] = read(write(data))
    assert message.text == "@所有人 请上报 疫 苗接种表"


def test_endless_cell_is_rejected_not_held(write):
    data = (
        text_of("chatlog.csv")
        + '2025-11-24 09:09:00,李梅,wxid_li,群,21000004@chatroom,"没有结尾'
        + "的" * 17_000_000
    )
    events = read(write(data.encode()))
    assert next(event.reason for event in events if isinstance(event, Rejected)) is Reason.TOO_LONG
    assert sum(isinstance(event, Message) for event in events) == 6


@pytest.mark.parametrize(
    "value", [0, -1, 1, 99999999999999, 253402300800, "", None, True, "昨天", [], {}, "9" * 400, 1.5e300]
)
def test_implausible_times_are_rejected_with_a_reason(value, write):
    array = [{"talker": "1@chatroom", "time": value, "sender": "a", "type": 1, "content": "好", "seq": 1}]
    [event] = read(write(json.dumps(array).encode()))
    assert event.reason in (Reason.NO_TIME, Reason.BAD_TIME)
    assert json.loads(event.raw)["content"] == "好"
    assert "好" not in repr(event)


@pytest.mark.parametrize(
    "value", [T, T * 1000, T * 1_000_000, str(T), float(T), "2025-11-24 09:00:00", "2025/11/24 9:00", "2025-11-24T01:00:00Z",
              "2025-11-24T09:00:00+08:00", "2025年11月24日 9:00:00", "2025-11-24 9:00:00 AM"]
)  # fmt: skip
def test_times_of_every_kind_are_read(value, write):
    array = [{"talker": "1@chatroom", "time": value, "sender": "a", "type": 1, "content": "好"}]
    [_, message] = read(write(json.dumps(array).encode()))
    assert message.sent_at.timestamp() == T


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"{}", b"[]", b"[1,2]", b"PK\x03\x04abc", b"SQLite format 3\0",
    b"a,b,c\n1,2,3\n", "只是一句话".encode(), b"\x00\xff" * 50]
)  # fmt: skip
def test_unknown_files_are_named_with_what_was_seen(data, write):
    with pytest.raises(ImportFormatError) as caught:
        detect(FileSource(write(data)))
    assert "something.bin" in str(caught.value)
    assert "一句话" not in str(caught.value)


def test_error_about_an_unknown_file_lists_the_formats(write):
    with pytest.raises(ImportFormatError, match=r"a,b,c.*Telegram.*--formats"):
        detect(FileSource(write(b"a,b,c\n1,2,3\n")))


def test_missing_file_is_an_error_of_ours(tmp_path):
    with pytest.raises(ImportFormatError, match="读不了"):
        detect(FileSource(tmp_path / "gone.json"))


def test_emoji_quotes_and_commas_stay(write):
    text = '收到👌,“马上”,"好"'
    rows = [["Time", "SenderName", "Sender", "TalkerName", "Talker", "Content"]]
    rows.append(["2025-11-24 09:00:00", "李,梅", "wxid_li", '群"一"', "1@chatroom", text])
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    [snapshot, message] = read(write(out.getvalue().encode()))
    assert message.text == text
    assert message.sender.name == "李,梅"
    assert snapshot.group.name == '群"一"'


def test_chinese_after_a_long_ascii_beginning_tells_the_encoding(write):
    head = "Time,SenderName,Sender,TalkerName,Talker,Content\n"
    row = "2025-11-24 09:00:00,Li,wxid_li,Group,1@chatroom,ok\n"
    data = (head + row * 9_000 + "2025-11-24 09:00:00,李梅,wxid_li,Group,1@chatroom,收到\n").encode("gb18030")
    *_, message = read(write(data))
    assert message.text == "收到"
    assert message.sender.name == "李梅"


def test_text_only_markers_of_wechat_stay_text(write):
    rows = "Time,SenderName,Sender,TalkerName,Talker,Content\n2025-11-24 09:00:00,李梅,wxid_li,群,1@chatroom,[OK]\n"
    [_, message] = read(write(rows.encode()))
    assert (message.kind, message.text) == (MessageKind.TEXT, "[OK]")


def test_given_room_id_becomes_the_group(write):
    source = FileSource(FILES / "memotrace_new.csv")
    events = list(detect(source).read(source, options("21009999@chatroom")))
    assert events[0].group.native_id == "21009999@chatroom"


@pytest.mark.parametrize("name", ["chatlab.json", "weflow.json", "qq_new.json"])
def test_fields_after_the_messages_are_found(name, write):
    data = json.loads((FILES / name).read_bytes())
    other = {key: data[key] for key in reversed(data)}
    assert shown(read(write(json.dumps(other).encode()))) == shown(read(FILES / name))


def test_id_that_a_spreadsheet_rounded_is_none(write):
    rows = [["消息ID", "类型", "发送人", "时间", "内容", "备注", "昵称", "更多信息"]]
    rows += [["7.73352E+18", "文本", name, "2025/11/24 9:00", f"我是{name}", "", "", ""] for name in "甲乙丙"]
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    assert [
        event.native_id for event in read(write(out.getvalue().encode("gbk"))) if isinstance(event, Message)
    ] == [""] * 3


@pytest.mark.parametrize("data", [b"[]", b"null", b"{}"])
def test_empty_answer_is_called_empty(data, write):
    with pytest.raises(ImportFormatError, match="没有任何记录"):
        detect(FileSource(write(data)))


def test_id_is_never_kept_as_a_name(write):
    array = [
        {"talker": "1@chatroom", "time": T, "sender": "wxid_li", "senderName": "", "type": 1, "content": "好"}
    ]
    [_, message] = read(write(json.dumps(array).encode()))
    assert (message.sender.native_id, message.sender.name) == ("wxid_li", "")
