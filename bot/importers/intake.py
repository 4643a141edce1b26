"""From readers to the writer of histories: filters by date, knows the labels of our own exports, counts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from bot.events import Classification, Event, GroupRef, GroupSnapshot, Message, MessageKind
from bot.importers.base import Labelled, Read, Reader, ReadOptions, Rejected, Source
from bot.importers.rejects import RejectLog

Classify = Callable[[str, MessageKind, str, str], Classification]


class Writer(Protocol):
    """What takes the events of an export."""

    def take(self, events: Iterable[Event]) -> None:
        """Take some events, in the order of the export."""
        ...


class KnownLabels:
    """A classifier that answers with labels that are known, for one message, and else asks the real one."""

    def __init__(self, classify: Classify) -> None:
        self._classify = classify
        self._known: Classification | None = None

    def know(self, known: Classification) -> None:
        """Answer with this for the next message."""
        self._known = known

    def __call__(self, text: str, kind: MessageKind, quote: str, file_name: str) -> Classification:
        """Return what is known, else what the classifier says."""
        known, self._known = self._known, None
        return self._classify(text, kind, quote, file_name) if known is None else known


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

    def __init__(
        self, writer: Writer, labels: KnownLabels, options: ReadOptions, since: datetime | None
    ) -> None:
        self._writer = writer
        self._labels = labels
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
            self._labels.know(Classification(event.labels, event.emergency))
            event = event.message
        if not isinstance(event, Rejected):
            self._writer.take((event,))
