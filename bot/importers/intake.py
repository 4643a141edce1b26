"""From readers to the writer of histories: filters by date, knows the labels of our own exports, counts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.events import Classification, Event, GroupRef, GroupSnapshot, Message
from bot.importers.base import Labelled, Read, Reader, ReadOptions, Rejected, Source
from bot.importers.rejects import RejectLog


class Writer(Protocol):
    """What takes the events of an export."""

    def take(self, events: Iterable[Event], known: Classification | None = None) -> None:
        """Take some events, in the order of the export; `known` are labels that need not be found."""
        ...


@dataclass(slots=True)
class FileReport:
    """What one file brought."""

    name: str
    title: str
    messages: int = 0
    too_old: int = 0
    groups: set[GroupRef] = field(default_factory=set)


class Intake:
    """Hands what readers yield to a writer."""

    def __init__(self, writer: Writer, options: ReadOptions, since: datetime | None) -> None:
        self._writer = writer
        self._options = options
        self._since = since

    def read(
        self, source: Source, reader: Reader, rejects: RejectLog, tell: Callable[[int], None]
    ) -> FileReport:
        """Read one source; `tell` hears of each message. Raises ImportFormatError and StoreError."""
        report = FileReport(source.name, reader.title)
        for event in reader.read(source, self._options):
            if isinstance(event, Rejected):
                rejects.add(event)
            elif self._is_wanted(event, report):
                self._take(event)
                if not isinstance(event, GroupSnapshot):
                    tell(1)
        return report

    def _is_wanted(self, event: Read, report: FileReport) -> bool:
        message = event.message if isinstance(event, Labelled) else event
        if not isinstance(message, Message):
            return True
        if self._since is not None and message.sent_at < self._since:
            report.too_old += 1
            return False
        report.messages += 1
        if message.group is not None:
            report.groups.add(message.group)
        return True

    def _take(self, event: Read) -> None:
        if isinstance(event, Labelled):
            self._writer.take((event.message,), Classification(event.labels, event.emergency))
        elif not isinstance(event, Rejected):
            self._writer.take((event,))
