"""`jianfu import`: chat histories that people already have."""

from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import httpx
import typer

from bot.cli.common import ConfigOption
from bot.cli.import_report import Report, ending, progress_bar
from bot.cli.import_store import counting_only, importing
from bot.clock import SystemClock
from bot.config import load
from bot.errors import ImportFormatError, UsageError
from bot.importers.base import ReadOptions, Source
from bot.importers.intake import Intake
from bot.importers.registry import READERS, companion, detect, files_of
from bot.importers.rejects import SUFFIX, RejectLog, beside
from bot.importers.sources import FileSource, UrlSource, chatlog_url, is_url

CONSENT = (
    "导入会统计群里每个人的消息：只计数，普通聊天不存文字，也不会因此向任何人发消息。\n"
    "请确认：这些记录是您自己导出的，您是群主，或已征得群主同意。"
)
TIMEOUT = httpx.Timeout(120, connect=10)

Count = Callable[[int], None]


def import_history(
    paths: Annotated[
        list[str] | None, typer.Argument(help="文件、文件夹，或 chatlog 的地址", metavar="路径")
    ] = None,
    group: Annotated[str, typer.Option(help="群名：文件里没有群名时必填；也可写群编号")] = "",
    since: Annotated[str, typer.Option(help="只要这一天（含）以后的消息，如 2026-01-01")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只读取、统计，什么也不写")] = False,
    consent: Annotated[bool, typer.Option("--i-have-consent", help="已征得同意（脚本中使用）")] = False,
    formats: Annotated[bool, typer.Option("--formats", help="列出能读的格式和导出方法")] = False,
    config: ConfigOption = None,
) -> None:
    """导入已有的聊天记录：只读您自己导出的文件；同一份可重复导入，只增加新的。

    返回值：0 全部读完；1 有文件没能读，或没有同意；2 什么也没能读。
    """
    if formats:
        for reader in READERS:
            typer.echo(f"{reader.title}\n    {reader.how_to_export}")
        return
    if not paths:
        raise UsageError("请写上要导入的文件、文件夹或地址；jianfu import --formats 列出能读的格式")
    settings = load(config)
    begin = _since(since, settings.zone)
    if not (dry_run or consent):
        typer.echo(CONSENT)
        if not typer.confirm("是否继续？", default=False):
            typer.echo("没有导入。")
            raise typer.Exit(1)
    report = Report(dry=dry_run)
    with counting_only(settings) if dry_run else importing(settings) as run:
        if run.relinked:
            typer.echo("上一次导入中途停下了，已补做它的关联。")
        options = ReadOptions(settings.zone, SystemClock().now(), group, run.known_groups)
        intake = Intake(run.writer, options, begin)
        reading = _Reading(intake, report, settings.data_dir / "rejected")
        try:
            reading.everything(paths)
        finally:
            # What is stored already is linked even when the rest is broken off by hand.
            report.summary = run.finish()
    typer.echo(ending(report, settings.zone))
    if not report.files:
        raise ImportFormatError("没有读到任何记录，原因见上")
    if report.failed:
        raise typer.Exit(1)


class _Reading:
    """Goes through files, folders and addresses."""

    def __init__(self, intake: Intake, report: Report, folder: Path) -> None:
        self._intake = intake
        self._report = report
        self._folder = folder

    def everything(self, paths: list[str]) -> None:
        """Read everything; what cannot be read is noted and the next is tried."""
        files = [(path, file) for path in paths if not is_url(path) for file in files_of(Path(path))]
        total = sum(file.stat().st_size for _, file in files if file.exists())
        with progress_bar(total) as (advance, tell), httpx.Client(trust_env=False, timeout=TIMEOUT) as client:
            for path in paths:
                if is_url(path):
                    answer = UrlSource(chatlog_url(path), client, advance)
                    self._one(answer, self._folder / "chatlog", tell, asked=True)
            for path, file in files:
                note = companion(file)
                if note:
                    self._report.skipped.append((str(file), note))
                elif not file.name.endswith(SUFFIX):
                    source = FileSource(file, advance)
                    self._one(source, file, tell, asked=Path(path) == file)
                    source.skip_rest()

    def _one(self, source: Source, file: Path, tell: Count, *, asked: bool) -> None:
        rejects = RejectLog(None if self._report.dry else beside(file, self._folder))
        try:
            reader = detect(source)
            self._report.files.append(self._intake.read(source, reader, rejects, tell))
        except ImportFormatError as error:
            self._report.skipped.append((source.name, str(error).removeprefix(source.name).strip()))
            self._report.failed = self._report.failed or asked
        finally:
            rejects.close()
            self._report.rejected.update(rejects.counts)
            if rejects.written and rejects.path:
                self._report.reject_files.append(rejects.path)


def _since(text: str, zone: ZoneInfo) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), zone)
    except ValueError as error:
        raise UsageError(f"--since {text} 不是日期：应形如 2026-01-01") from error
