"""From a message and its labels to what is stored: the same for live messages and for histories."""

from dataclasses import replace

from bot.classify.quotes import split_quote
from bot.events import Classification, Label, Message, MessageKind, Quote
from bot.period import WorkingHours
from bot.secrecy import mark_in
from bot.store.recorder import Draft


def with_quote(message: Message) -> Message:
    """Return the message with a quote that is written into its text taken apart."""
    if message.quote is not None or message.kind != MessageKind.TEXT:
        return message
    quoted, reply = split_quote(message.text)
    if not quoted:
        return message
    return replace(message, text=reply, quote=Quote(text=quoted))


def make_draft(
    message: Message, found: Classification, hours: WorkingHours, *, may_keep_text: bool = True
) -> Draft:
    """Return what is to be stored: text only of what carries a notice or a demand, nothing of secrets."""
    return Draft(
        message,
        found,
        off_hours=not hours.covers(message.sent_at),
        keep_text=may_keep_text and bool(found.labels - {Label.ACK, Label.SUPPLY}),
        secret=bool(mark_in(message.text) or mark_in(message.file_name)),
    )
