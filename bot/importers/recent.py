"""The latest messages of a group, so that a reply that names only an id finds what it quotes."""

from collections import OrderedDict

from bot.events import Quote

KEPT = 5_000
TEXT_LENGTH = 1_000


class Recent:
    """Remembers a bounded number of messages by id."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[str, str]] = OrderedDict()

    def remember(self, message_id: str, text: str, sender_name: str) -> None:
        """Keep a message."""
        if message_id:
            self._kept[message_id] = (text[:TEXT_LENGTH], sender_name)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)

    def quote(self, message_id: str, text: str = "", sender_name: str = "") -> Quote | None:
        """Return a quotation by id, with the text that the format gives or that is remembered."""
        known = self._kept.get(message_id, ("", ""))
        quoted = Quote(text or known[0], message_id or None, sender_name or known[1])
        return quoted if message_id or text else None
