"""Lone surrogates in JSON, however the bytes are cut."""

import io
import json
import re

from hypothesis import given
from hypothesis import strategies as st

from bot.importers.jsonstream import chats, header, items

PARTS = [
    "a",
    "\\\\",
    "\\ud83d\\ude00",
    "\\uD83D\\uDE00",
    "\\ud83d",
    "\\ude00",
    "\\n",
    "\\\\ud83d",
    "好",
    "\\u0041",
    "\\\\\\ud83d",
]


class Dribble(io.RawIOBase):
    """Gives a few bytes at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self._file = io.BytesIO(data)
        self._step = step

    def read(self, size: int = -1) -> bytes:
        return self._file.read(self._step if size else 0)


@given(parts=st.lists(st.sampled_from(PARTS), max_size=20), step=st.integers(1, 30))
def test_lone_surrogates_are_replaced_and_nothing_else(parts, step):
    document = f'["{"".join(parts)}"]'
    expected = re.sub("[\ud800-\udfff]", "\ufffd", json.loads(document)[0])
    assert list(items(Dribble(document.encode(), step), "item")) == [expected]


def test_header_is_what_stands_before_the_messages():
    data = b'{"a": {"b": [1, {"c": null}]}, "n": 5, "messages": [{"a": 1}], "after": 1}'
    assert header(io.BytesIO(data)) == {"a": {"b": [1, {"c": None}]}, "n": 5}


def test_chats_are_found_with_their_fields():
    data = {
        "about": "x",
        "chats": {
            "list": [
                {"name": "一", "messages": [{"id": 1}, {"id": 2, "messages": [3]}]},
                {"messages": []},
                {"name": "二", "messages": [{}]},
            ]
        },
    }
    found = [(dict(chat), item) for chat, item in chats(io.BytesIO(json.dumps(data).encode()))]
    assert found == [
        ({"name": "一"}, {"id": 1}),
        ({"name": "一"}, {"id": 2, "messages": [3]}),
        ({"name": "二"}, {}),
    ]
