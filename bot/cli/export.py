"""`jianfu export`: what is stored, for other programs, so that nobody is locked in."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from bot.cli.common import ConfigOption, opened
from bot.clock import SystemClock
from bot.config import Config
from bot.errors import UsageError
from bot.exporters.chatlab import write_chatlab
from bot.exporters.tables import DAILY, MESSAGES, Row, message_rows, write_csv, write_parquet
from bot.store import export_reader
from bot.store.export_reader import ExportedGroup

_UNFIT = re.compile(r"[^\w\u4e00-\u9fff-]+")
_NAME_LENGTH = 40


class Format(StrEnum):
    """Which kind of file."""

    CHATLAB = "chatlab"
    CSV = "csv"
    PARQUET = "parquet"


def export(
    form: Annotated[Format, typer.Option("--format", help="chatlab（每群一个 JSON）、csv 或 parquet")],
    out: Annotated[Path, typer.Option("--out", help="写到哪里；chatlab 有多个群时为文件夹")],
    messages: Annotated[
        bool, typer.Option("--messages", help="逐条导出（时间、人、类型、字数、标签）；默认只有按日计数")
    ] = False,
    group: Annotated[str, typer.Option(help="只要这个群")] = "",
    config: ConfigOption = None,
) -> None:
    """导出已存的数据：默认为每群每日的计数；文字只有还存着的（通知、索要，脱敏，未过期）。

    人以代号表示，留有名字的附名字。已有的文件不会被覆盖。
    """
    with opened(config) as store, store.database.read() as session:
        chosen = _chosen(session, group)
        exporting = _Exporting(session, store.config, chosen, messages=messages)
        count = exporting.chatlab(out) if form is Format.CHATLAB else exporting.table(out, form)
    what = "条消息" if messages else "项计数"
    typer.echo(f"已导出 {len(chosen)} 个群、{count} {what}：{out}")


class _Exporting:
    """Writes the chosen groups, as they are now."""

    def __init__(
        self, session: Session, config: Config, groups: list[ExportedGroup], *, messages: bool
    ) -> None:
        self._session = session
        self._zone = config.zone
        self._groups = groups
        self._messages = messages
        self._now = SystemClock().now()

    def table(self, out: Path, form: Format) -> int:
        """Write one table of all groups; return its rows."""
        schema = MESSAGES if self._messages else DAILY
        with _new_file(out) as path:
            if form is Format.CSV:
                return write_csv(path, schema, self._rows(), self._zone)
            return write_parquet(path, schema, self._rows())

    def chatlab(self, out: Path) -> int:
        """Write a file for each group; return how many messages (or daily counts) they hold."""
        several = len(self._groups) != 1 or out.is_dir()
        if several:
            out.mkdir(parents=True, exist_ok=True)
        total = 0
        for group in self._groups:
            name = _UNFIT.sub("_", group.name)[:_NAME_LENGTH]
            daily = self._daily(group)
            stored = (
                export_reader.messages(self._session, group.id, self._now) if self._messages else iter(())
            )
            members = export_reader.members(self._session, group.id)
            with _new_file(out / f"{group.id}-{name}.json" if several else out) as path:
                written = write_chatlab(path, group, members, daily, stored, self._now)
            total += written if self._messages else len(daily)
        return total

    def _rows(self) -> Iterator[Row]:
        for group in self._groups:
            if self._messages:
                stored = export_reader.messages(self._session, group.id, self._now)
                yield from message_rows(group.platform, group.name, stored)
            else:
                for day, kind, count in self._daily(group):
                    yield (group.platform, group.name, day, kind, count)

    def _daily(self, group: ExportedGroup) -> list[tuple[date, str, int]]:
        return export_reader.daily_counts(self._session, group.id)


def _chosen(session: Session, name: str) -> list[ExportedGroup]:
    groups = export_reader.groups(session)
    chosen = [group for group in groups if name in ("", group.name, group.native_id)]
    if name and not chosen:
        raise UsageError(f"没有叫“{name}”的群：请写全名或群编号")
    return chosen


@contextmanager
def _new_file(path: Path) -> Iterator[Path]:
    """Yield where to write, readable by its owner only; it becomes `path` when all went well."""
    if path.exists():
        raise UsageError(f"{path} 已经存在：请换一个名字，或先删除它")
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    except OSError as error:
        raise UsageError(f"{path} 写不了（{error.strerror}）：请换一个位置") from error
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
