"""What `jianfu import` shows: the progress bar, and the summary at the end."""

import re
import shlex
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from bot.events import Label, MessageKind
from bot.importers.intake import FileReport
from bot.store.history import Summary

GROUPS_SHOWN = 20
FILES_SHOWN = 20
_PLAIN = re.compile(r"[\w.@:-]+")  # needs no quotes in a shell


@dataclass(frozen=True, slots=True)
class Words:
    """What kinds of messages and labels are called, from `import_words.toml`."""

    kinds: dict[MessageKind, str]
    labels: dict[Label, str]


@cache
def import_words() -> Words:
    """Return the words."""
    text = files("bot.cli").joinpath("import_words.toml").read_text(encoding="utf-8")
    return TypeAdapter(Words).validate_python(tomllib.loads(text))


@dataclass(slots=True)
class Report:
    """What an import did so far."""

    dry: bool
    files: list[FileReport] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)
    reject_files: list[Path] = field(default_factory=list)
    failed: bool = False
    summary: Summary = field(default_factory=Summary)


class _Rate(ProgressColumn):
    """Messages a second."""

    def render(self, task: Task) -> Text:
        """Return the rate as text."""
        seconds = task.elapsed or 0.0
        count = int(task.fields.get("messages", 0))
        return Text(f"{count} 条" + (f"，每秒 {round(count / seconds)} 条" if seconds >= 1 else ""))


@contextmanager
def progress_bar(total: int) -> Iterator[tuple[Callable[[int], None], Callable[[int], None]]]:
    """Show a bar by bytes read; yield (bytes were read, messages were read). Quiet where nobody watches."""
    console = Console(stderr=True)
    columns = (
        TextColumn("导入"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        _Rate(),
        TextColumn("剩余"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=total or None, messages=0)
        count = 0

        def tell(more: int) -> None:
            nonlocal count
            count += more
            if count % 500 == 0:
                progress.update(task, messages=count)

        yield lambda size: progress.update(task, advance=size), tell


def ending(report: Report, zone: ZoneInfo) -> str:
    """Return the summary of an import."""
    total = report.summary
    words = import_words()
    lines = ["试读完毕，什么也没有写。" if report.dry else "导入完毕。"]
    for file in report.files:
        old = f"，早于起始日的 {file.too_old} 条未读" if file.too_old else ""
        lines.append(f"  {file.name}：{file.title}，{file.messages} 条{old}")
    if total.read:
        people = sum(native_id != "system" for _, native_id in total.people)
        groups = _groups(total)
        lines += [f"群 {len(groups)} 个，{people} 人，时间 {_span(total, zone)}"]
        lines += [f"  {name}：{count} 条" for name, count in groups[:GROUPS_SHOWN]]
        if len(groups) > GROUPS_SHOWN:
            lines.append(f"  ……另有 {len(groups) - GROUPS_SHOWN} 个群")
        new = "" if report.dry else f"，其中新增 {total.new} 条、原已有 {total.read - total.new} 条"
        lines.append(
            f"消息 {total.read} 条{new}；撤回 {total.recalled} 条"
            if not report.dry
            else f"消息 {total.read} 条"
        )
        lines.append(
            "  按类型：" + _counts(Counter({words.kinds[kind]: n for kind, n in total.kinds.items()}))
        )
        lines.append(
            "  按内容："
            + (_counts(Counter({words.labels[label]: n for label, n in total.labels.items()})) or "无")
        )
        if total.emergencies:
            lines.append(f"  应急、安保：{total.emergencies} 条（只记录，不算负担）")
    if report.rejected:
        lines.append(f"未取 {sum(report.rejected.values())} 条：")
        lines += [f"  {reason}：{count}" for reason, count in report.rejected.most_common()]
    lines += [f"  原文见 {path}（只有您本人可读，看完请删除）" for path in report.reject_files]
    lines += [f"未读 {name}：{reason}" for name, reason in report.skipped[:FILES_SHOWN]]
    if len(report.skipped) > FILES_SHOWN:
        lines.append(f"……另有 {len(report.skipped) - FILES_SHOWN} 个文件未读")
    if total.first and total.last and total.groups:
        lines.append(f"下一步：{_next(report, zone)}")
    return "\n".join(lines)


def _groups(total: Summary) -> list[tuple[str, int]]:
    """Return (name, messages) of each group, the largest first; a group may show several names."""
    names: dict[tuple[str, str], str] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for ref, count in total.groups.items():
        names[ref.platform, ref.native_id] = ref.name or ref.native_id
        counts[ref.platform, ref.native_id] += count
    return [(names[key], count) for key, count in counts.most_common()]


def _next(report: Report, zone: ZoneInfo) -> str:
    total = report.summary
    if report.dry or total.first is None or total.last is None:
        return "去掉 --dry-run 正式导入"
    name = _groups(total)[0][0]
    name = name if _PLAIN.fullmatch(name) else shlex.quote(name)
    return f"jianfu digest --scope group --group {name} --from {_day(total.first, zone)} --to {_day(total.last, zone)}"


def _span(total: Summary, zone: ZoneInfo) -> str:
    return f"{_day(total.first, zone)} 至 {_day(total.last, zone)}" if total.first and total.last else "无"


def _day(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).date().isoformat()


def _counts(counts: Counter[str]) -> str:
    return "、".join(f"{name} {count}" for name, count in counts.most_common())
