"""Whatever a file holds, a reader gives events, rejections, or an error of ours."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import ImportFormatError
from bot.events import GroupSnapshot, Message, Recall
from bot.importers.base import Labelled, Rejected
from bot.importers.registry import READERS, detect
from bot.importers.sources import FileSource
from tests.importers.samples import FILES, options

SAMPLES = [path.read_bytes() for path in sorted(FILES.iterdir())]
RUNS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

scalars = (
    st.none()
    | st.booleans()
    | st.integers(min_value=-(2**70), max_value=2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        [
            "2025-11-24 09:00:00",
            "1@chatroom",
            "group",
            "群聊",
            "service",
            "@所有人",
            "[图片]",
            "<msg>",
            "<refermsg>",
        ]
    )
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def check(path, group="测试群"):
    source = FileSource(path)
    try:
        events = list(detect(source).read(source, options(group)))
    except ImportFormatError:
        return
    for event in events:
        assert isinstance(event, Message | GroupSnapshot | Recall | Labelled | Rejected)


@RUNS
@given(
    sample=st.sampled_from(SAMPLES),
    edits=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=12)), min_size=1, max_size=6
    ),
)
def test_damaged_samples(tmp_path, sample, edits):
    data = sample
    for where, length, inserted in edits:
        at = int(where * len(data))
        data = data[:at] + inserted + data[at + length :]
    path = tmp_path / "damaged"
    path.write_bytes(data)
    check(path)


def mutated(item, draw):
    """Replace some values of a parsed sample by anything."""
    if isinstance(item, dict):
        return {
            key: draw(values) if draw(st.integers(0, 9)) == 0 else mutated(value, draw)
            for key, value in item.items()
        }
    if isinstance(item, list):
        return [draw(values) if draw(st.integers(0, 9)) == 0 else mutated(value, draw) for value in item]
    return item


@RUNS
@given(data=st.data(), sample=st.sampled_from([s for s in SAMPLES if s[:1] in b"{["]))
def test_json_with_other_values(tmp_path, sample, data):
    path = tmp_path / "mutated"
    path.write_text(json.dumps(mutated(json.loads(sample), data.draw)), encoding="utf-8")
    check(path)


cells = st.text(max_size=30) | st.sampled_from(
    [
        "1",
        "49",
        "57",
        "2025-11-24 09:00:00",
        "1763946000",
        "1@chatroom",
        '"',
        "<msg><appmsg><refermsg>",
        "文本",
    ]
)


@RUNS
@given(
    header=st.sampled_from([s.splitlines()[0] for s in SAMPLES if b"," in s.splitlines()[0]]),
    rows=st.lists(st.lists(cells, max_size=14), max_size=6),
)
def test_csv_with_other_cells(tmp_path, header, rows):
    path = tmp_path / "cells"
    path.write_bytes(
        header + b"\n" + "\n".join(",".join(row) for row in rows).encode("utf-8", "surrogatepass")
    )
    check(path)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
@RUNS
@given(text=st.text(max_size=400))
def test_reader_on_any_text(tmp_path, reader, text):
    path = tmp_path / "text"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    source = FileSource(path)
    try:
        list(reader.read(source, options("测试群")))
    except ImportFormatError:
        return


@pytest.mark.parametrize(
    "text",
    [
        "<refermsg>" * 20_000,
        "[引用 " * 50_000,
        "\n引用:" * 50_000,
        "@" * 300_000,
        "[" * 300_000,
        "\n" * 500_000,
        "<" * 300_000,
        "> a\n" * 100_000,
        " " * 1_000_000,
        "【" * 200_000,
    ],
    ids=lambda text: repr(text[:6]),
)
def test_texts_made_to_be_slow_are_not(tmp_path, text):
    from time import process_time

    array = [{"talker": "1@chatroom", "time": 1763946000, "sender": "a", "type": kind, "subType": sub, "content": text}
             for kind, sub in [(1, 0), (49, 57), (49, 5), (10000, 0)]]  # fmt: skip
    session = {"session": {"wxid": "1@chatroom", "type": "群聊"}, "messages": [
        {"createTime": 1763946000, "type": kind, "content": text, "senderUsername": "a"} for kind in ("文本消息", "链接消息", "?")
    ]}  # fmt: skip
    block = f"2025-11-24 09:00:00 甲\n{text}\n\n2025-11-24 09:00:01 {text}\n"
    began = process_time()
    for data in (json.dumps(array), json.dumps(session), block, text):
        path = tmp_path / "slow"
        path.write_text(data, encoding="utf-8")
        check(path)
    assert process_time() - began < 5
