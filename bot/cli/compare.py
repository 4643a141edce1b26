"""`jianfu compare`: tells of pairs of texts whether they are the same notice, and why."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, BinaryIO
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from bot.cli.classify import leave_broken_pipe, open_source
from bot.clock import SystemClock
from bot.errors import UsageError
from bot.notices.compare import Verdict, same
from bot.notices.days import assumed_day
from bot.notices.features import extract

_ZONE = ZoneInfo("Asia/Shanghai")
_SHOWN = 34


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts, and whether somebody says that they are the same notice."""

    line: int
    a: str
    b: str
    same: bool | None


def compare(
    file: Annotated[
        str,
        typer.Argument(help="每行两段文字，用制表符隔开（a<TAB>b）；- 表示标准输入（换行写作 \\n）"),
    ] = "-",
    jsonl: Annotated[bool, typer.Option("--jsonl", help="每对输出一行 JSON")] = False,
    score: Annotated[
        bool, typer.Option("--score", help="第三列为 same（1 或 0）时，给出准确率、召回率和判错的对")
    ] = False,
    day: Annotated[
        str | None, typer.Option("--day", help="两段文字的发布日期，如 2026-11-05；不写则按文中日期推定")
    ] = None,
) -> None:
    """判断两段文字是不是同一通知，并说明依据；两段视为同一天发布。"""
    posted = _parse_day(day)
    today = SystemClock().now()
    source = open_source(file)
    try:
        if score:
            _print_score(source, posted, today)
        elif jsonl:
            for pair in read_pairs(source):
                print(as_json(judge(pair, posted, today)), flush=True)
        else:
            _print_table(source, posted, today)
    except BrokenPipeError:
        leave_broken_pipe()


def judge(pair: Pair, posted: datetime | None, today: datetime) -> Verdict:
    """Compare a pair as posted on one day: the given one, else the one that its own dates suggest."""
    at = posted or assumed_day((pair.a, pair.b), today.astimezone(_ZONE), _ZONE)
    return same(extract(pair.a, at, _ZONE), extract(pair.b, at, _ZONE))


def read_pairs(source: BinaryIO) -> Iterator[Pair]:
    """Yield the pairs of a file of lines a<TAB>b[<TAB>same…]; a header and empty lines are skipped.

    Raises UsageError for a line without a tabulator, or in a file with a header for a `same` but 0 or 1.
    """
    column: int | None = 2
    for number, raw in enumerate(source, start=1):
        line = raw.decode("utf-8", "replace").rstrip("\r\n").removeprefix("\ufeff")
        cells = line.split("\t")
        if not line.strip():
            continue
        if number == 1 and [cell.strip().lower() for cell in cells[:2]] == ["a", "b"]:
            names = [cell.strip().lower() for cell in cells]
            column = names.index("same") if "same" in names else None
            continue
        if len(cells) < 2:
            raise UsageError(f"第 {number} 行没有制表符；每行应为 a<TAB>b，文字里的换行写作 \\n")
        said = cells[column].strip() if column is not None and column < len(cells) else ""
        a, b = (cell.replace("\\n", "\n") for cell in cells[:2])
        yield Pair(number, a, b, {"1": True, "0": False}.get(said))


def as_json(verdict: Verdict) -> str:
    """Return one JSON object for a verdict."""
    found: dict[str, object] = {"same": verdict.same, "score": verdict.score, "why": verdict.why}
    if verdict.changed:
        found["changed"] = list(verdict.changed)
    found |= {name: True for name in ("series", "version", "cancels") if getattr(verdict, name)}
    return json.dumps(found, ensure_ascii=False)


def _parse_day(day: str | None) -> datetime | None:
    if day is None:
        return None
    try:
        return datetime.strptime(day, "%Y-%m-%d").replace(hour=8, tzinfo=_ZONE)
    except ValueError as error:
        raise UsageError(f"--day {day!r} 不是日期；请写成 2026-11-05 这样") from error


def _print_table(source: BinaryIO, posted: datetime | None, today: datetime) -> None:
    table = Table("甲", "乙", "同一通知", "相似", "依据")
    for pair in read_pairs(source):
        verdict = judge(pair, posted, today)
        table.add_row(
            _shown(pair.a),
            _shown(pair.b),
            "是" if verdict.same else "否",
            f"{verdict.score:.2f}",
            verdict.why,
        )
    Console(markup=False).print(table)


def _print_score(source: BinaryIO, posted: datetime | None, today: datetime) -> None:
    judged = [(pair, judge(pair, posted, today)) for pair in read_pairs(source)]
    told = [(pair, verdict) for pair, verdict in judged if pair.same is not None]
    if not told:
        raise UsageError("--score 需要名为 same 的一列，值为 1（同一通知）或 0（不是）")
    right = sum(verdict.same and bool(pair.same) for pair, verdict in told)
    found = sum(verdict.same for _, verdict in told)
    wanted = sum(bool(pair.same) for pair, _ in told)
    precision = right / found if found else 1.0
    recall = right / wanted if wanted else 1.0
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    for pair, verdict in told:
        if verdict.same != pair.same:
            sort = "误认为同一" if verdict.same else "漏认"
            print(f"第 {pair.line} 行 {sort}：{_shown(pair.a)} ｜ {_shown(pair.b)} ｜ {verdict.why}")
    print(f"共 {len(told)} 对：准确率 {precision:.3f}，召回率 {recall:.3f}，F1 {f1:.3f}")


def _shown(text: str) -> str:
    clean = "".join(c if c.isprintable() else " " for c in text)
    return clean if len(clean) <= _SHOWN else clean[: _SHOWN - 1] + "…"
