"""Events of the console as the bytes of a stub, and back: the console cannot be asked again."""

from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from bot.channels.base import Stub
from bot.errors import PayloadError
from bot.events import Event, GroupSnapshot, MembershipChange, Message, Recall, TopicChange

PLATFORM = "console"

_TYPES = (Message, GroupSnapshot, MembershipChange, TopicChange, Recall)
_ADAPTER: TypeAdapter[list[tuple[str, dict[str, object]]]] = TypeAdapter(list[tuple[str, dict[str, object]]])
_BY_NAME: dict[str, TypeAdapter[Event]] = {t.__name__: TypeAdapter(t) for t in _TYPES}


def encode(events: Sequence[Event]) -> bytes:
    """Return events as JSON: a list of pairs of type name and fields."""
    named = [(type(e).__name__, _BY_NAME[type(e).__name__].dump_python(e, mode="json")) for e in events]
    return _ADAPTER.dump_json(named)


def decode(stub: Stub) -> Sequence[Event]:
    """Return the events of a stub. Raises PayloadError."""
    try:
        named = _ADAPTER.validate_json(stub.payload or b"")
        return [_BY_NAME[name].validate_python(fields) for name, fields in named]
    except (ValidationError, KeyError):
        raise PayloadError(f"控制台的 {stub.kind} 事件内容读不懂") from None
