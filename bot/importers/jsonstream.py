"""Large JSON files in constant memory: the small values before a long array, then its items."""

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import ijson
from ijson.common import ObjectBuilder

# An escaped backslash and a pair of surrogates are in order; a surrogate alone is not.
_ESCAPE = re.compile(
    rb"(\\(?:\\|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}))|\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
)
_ESCAPE_BYTES = 12  # of the longest escape, a pair
_HALF = 6
_HIGH = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}")
_REPLACEMENT = rb"\ufffd"


class BrokenError(Exception):
    """The JSON ends or is wrong here; what came before was complete."""


class _Sound:
    """A stream of JSON in which lone surrogates are replaced: the parser stops at them."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._held = b""

    def read(self, size: int) -> bytes:
        """Return some bytes; none only at the end."""
        if not size:
            return b""  # ijson asks so whether it gets bytes or text
        data = b""
        while not data:
            new = self._stream.read(size)
            data, self._held = self._held + new, b""
            if not new:
                break
            if b"\\" in data[-_ESCAPE_BYTES:]:
                data, self._held = _cut(data)
        if b"\\ud" in data or b"\\uD" in data:
            data = _ESCAPE.sub(lambda found: found[1] or _REPLACEMENT, data)
        return data


def _cut(data: bytes) -> tuple[bytes, bytes]:
    """Cut before an escape that may go on in the next bytes."""
    at = _run_start(data, data.index(b"\\", len(data) - min(_ESCAPE_BYTES, len(data))))
    if at >= _HALF and _HIGH.fullmatch(data, at - _HALF, at):
        at = _run_start(data, at - _HALF)  # what goes before may be the first half of a pair
    return data[:at], data[at:]


def _run_start(data: bytes, at: int) -> int:
    return len(data[:at].rstrip(b"\\"))


def header(stream: BinaryIO, array: str = "messages", *, needed: str = "") -> dict[str, Any]:
    """Return the top-level values before the long array, and after it where the needed one is still missing.

    Empty when it is no JSON object.
    """
    found: dict[str, Any] = {}
    try:
        events = ijson.basic_parse(_Sound(stream))
        if next(events, ("", None))[0] != "start_map":
            return {}
        for event, value in events:
            if event != "map_key" or (value == array and (needed in found or not needed)):
                return found
            if value == array:
                _skip(events)
            else:
                found[value] = _value(events)
    except (ijson.JSONError, RecursionError, UnicodeDecodeError):
        pass
    return found


def items(stream: BinaryIO, prefix: str) -> Iterator[Any]:
    """Yield the items of an array. Raises BrokenError where the file breaks off."""
    try:
        yield from ijson.items(_Sound(stream), prefix)
    except (ijson.JSONError, RecursionError, UnicodeDecodeError) as error:
        raise BrokenError from error


def chats(stream: BinaryIO, array: str = "messages") -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield (chat's values so far, message) for each message of each chat, however deep the chats stand.

    A chat is an object with the array; a chat without messages is not seen. Raises BrokenError.
    """
    open_objects: list[dict[str, Any]] = []
    key = ""
    try:
        events = ijson.basic_parse(_Sound(stream))
        for event, value in events:
            if event == "map_key":
                key = value
            elif event == "start_map":
                open_objects.append({})
            elif event == "end_map":
                open_objects.pop()
            elif event == "start_array" and key == array and open_objects:
                key = ""
                while (message := _item(events)) is not _END:
                    yield open_objects[-1], message
            elif event in ("string", "number", "boolean") and open_objects and key:
                open_objects[-1][key] = value
    except (ijson.JSONError, RecursionError, UnicodeDecodeError) as error:
        raise BrokenError from error


_END = object()


def _item(events: Iterator[tuple[str, Any]]) -> Any:
    event, value = next(events)
    return _END if event == "end_array" else _built(event, value, events)


def _value(events: Iterator[tuple[str, Any]]) -> Any:
    return _built(*next(events), events)


def _skip(events: Iterator[tuple[str, Any]]) -> None:
    level = 0
    for event, _ in events:
        level += event.startswith("start_") - event.startswith("end_")
        if not level:
            return


def _built(event: str, value: Any, events: Iterator[tuple[str, Any]]) -> Any:
    builder = ObjectBuilder()
    builder.event(event, value)
    depth = event.startswith("start_")
    level = int(depth)
    while level:
        event, value = next(events)
        builder.event(event, value)
        level += event.startswith("start_") - event.startswith("end_")
    return builder.value
