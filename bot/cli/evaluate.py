"""`jianfu eval`: how well the rules label a file that people have labelled."""

import csv
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from bot.classify.classifier import Classifier
from bot.cli.classify import build_classifier, leave_broken_pipe, open_source
from bot.errors import UsageError
from bot.events import Classification, Label

_YES = frozenset({"1", "yes", "true", "y", "是"})


@dataclass(frozen=True, slots=True)
class Labelled:
    """A message with the labels that a person gave; `emergency` is None where the file does not say."""

    text: str
    labels: frozenset[Label]
    emergency: bool | None = None


@dataclass(slots=True)
class Tally:
    """How often a label was rightly given, wrongly given and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def add(self, *, given: bool, wanted: bool) -> None:
        """Count one message."""
        self.right += given and wanted
        self.wrong += given and not wanted
        self.missed += wanted and not given

    @property
    def support(self) -> int:
        """The messages that should have the label."""
        return self.right + self.missed

    @property
    def precision(self) -> float:
        """The share of the given that is right; 1 when none was given."""
        given = self.right + self.wrong
        return self.right / given if given else 1.0

    @property
    def recall(self) -> float:
        """The share of the wanted that was given; 1 when none was wanted."""
        return self.right / self.support if self.support else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall; 1 for a label that neither side uses."""
        total = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / total if total else 1.0


@dataclass(slots=True)
class Scores:
    """The tallies of a file."""

    labels: dict[Label, Tally] = field(default_factory=lambda: {label: Tally() for label in Label})
    emergency: Tally | None = None
    messages: int = 0
    exact: int = 0
    mistakes: list[tuple[Labelled, Classification]] = field(default_factory=list)

    @property
    def macro_f1(self) -> float:
        """The mean F1 of the labels that occur in the file or were given."""
        used = [t.f1 for t in self.labels.values() if t.right + t.wrong + t.missed]
        return sum(used) / len(used) if used else 1.0


def parse_labels(cell: str) -> frozenset[Label]:
    """Return the labels of a cell such as "notice;ack" or "none". Raises UsageError."""
    names = [name.strip() for name in cell.replace(",", ";").split(";") if name.strip() not in ("", "none")]
    try:
        return frozenset(Label(name) for name in names)
    except ValueError as error:
        known = "、".join(label.value for label in Label)
        raise UsageError(f"{error}；可用的标签：{known}、none") from error


def read_labelled(lines: Iterable[str], name: str) -> list[Labelled]:
    """Return the messages of a TSV with the columns text, labels and perhaps emergency. Raises UsageError."""
    rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    header = [cell.strip().lower().removeprefix("\ufeff") for cell in next(rows, [])]
    if "text" not in header or "labels" not in header:
        raise UsageError(f"{name}：第 1 行应有列名 text 和 labels（用制表符分开），实际是 {header!r}")
    text, labels = header.index("text"), header.index("labels")
    emergency = header.index("emergency") if "emergency" in header else None
    found: list[Labelled] = []
    for number, row in enumerate(rows, 2):
        if not row:
            continue
        if len(row) <= max(text, labels):
            raise UsageError(f"{name}：第 {number} 行只有 {len(row)} 列，应有 {len(header)} 列")
        flag = None
        if emergency is not None:
            flag = len(row) > emergency and row[emergency].strip().lower() in _YES
        try:
            wanted = parse_labels(row[labels])
        except UsageError as error:
            raise UsageError(f"{name}：第 {number} 行：{error}") from error
        found.append(Labelled(row[text].replace("\\n", "\n"), wanted, flag))
    return found


def score(messages: Iterable[Labelled], classifier: Classifier) -> Scores:
    """Classify every message and compare."""
    scores = Scores()
    for message in messages:
        found = classifier.explain(message.text)
        scores.messages += 1
        right = found.labels == message.labels
        scores.exact += right
        for label, tally in scores.labels.items():
            tally.add(given=label in found.labels, wanted=label in message.labels)
        if message.emergency is not None:
            scores.emergency = scores.emergency or Tally()
            scores.emergency.add(given=found.emergency, wanted=message.emergency)
            right = right and found.emergency == message.emergency
        if not right:
            scores.mistakes.append((message, found))
    return scores


def evaluate(
    file: Annotated[str, typer.Argument(help="TSV 文件：列 text、labels，可有 emergency；- 表示标准输入")],
    rules: Annotated[
        list[Path] | None, typer.Option("--rules", help="本县自己的规则文件（TOML），可给多个")
    ] = None,
    brief: Annotated[bool, typer.Option("--brief", help="只要分数，不列错误")] = False,
) -> None:
    """用人工标注过的文件检验规则：每个标签的准确率、召回率、F1，以及每一个错误和它的依据。"""
    classifier = build_classifier(rules or [])
    try:
        with TextIOWrapper(open_source(file), "utf-8", errors="replace", newline="\n") as lines:
            messages = read_labelled(lines, file)
    except UsageError as error:
        typer.echo(f"错误：{error}", err=True)
        raise typer.Exit(2) from error
    scores = score(messages, classifier)
    try:
        _print(scores, brief=brief)
        sys.stdout.flush()
    except BrokenPipeError:
        leave_broken_pipe()


def _print(scores: Scores, *, brief: bool) -> None:
    print(f"{'label':<20}{'precision':>10}{'recall':>10}{'f1':>10}{'support':>10}")
    rows = [(label.value, tally) for label, tally in scores.labels.items()]
    for name, tally in rows:
        print(_row(name, tally))
    print(f"{'macro-F1':<20}{scores.macro_f1:>30.3f}")
    share = scores.exact / scores.messages if scores.messages else 1.0
    print(f"{'exact match':<20}{share:>30.3f}{scores.messages:>10}")
    if scores.emergency is not None:
        print(_row("emergency", scores.emergency))
    if brief:
        return
    for message, found in scores.mistakes:
        print()
        print("✗ " + "".join(c if c.isprintable() else " " for c in message.text.replace("\n", "\\n")))
        print(f"  应为 {_names(message.labels)}；得到 {_names(found.labels)}")
        if message.emergency is not None and message.emergency != found.emergency:
            print(f"  紧急：应为 {message.emergency}；得到 {found.emergency}")
        for hit in found.hits:
            print(f"  + {hit.label}  {hit.rule_id}：{hit.matched!r}")
        for hit in found.blocked:
            print(f"  - {hit.label}  {hit.rule_id}：{hit.matched!r}，因 {hit.blocked_by} 不成立")


def _row(name: str, tally: Tally) -> str:
    return f"{name:<20}{tally.precision:>10.3f}{tally.recall:>10.3f}{tally.f1:>10.3f}{tally.support:>10}"


def _names(labels: frozenset[Label]) -> str:
    return ";".join(sorted(label.value for label in labels)) or "none"
