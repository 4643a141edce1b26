"""`jianfu classify`: labels messages, one a line, and says why."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.console import Console
from rich.table import Table

from bot.classify.classifier import Classifier
from bot.classify.loader import load_rules
from bot.classify.tokenizer import TokenizerKind, make_tokenizer
from bot.errors import JianfuError
from bot.events import Classification

_WIDE = 160  # columns of a table that goes to a file or a pipe


def cache_dir() -> Path:
    """Return where a tokenizer may keep its cache when no configuration names a data directory."""
    base = os.environ.get("JIANFU_DATA_DIR") or os.environ.get("XDG_CACHE_HOME")
    return Path(base) / "jianfu" if base else Path.home() / ".cache" / "jianfu"


def build_classifier(
    extra: list[Path], kind: TokenizerKind = "auto", *, rules_alone: bool = False
) -> Classifier:
    """Return a classifier with our rules and the given files; an error ends the program with one line."""
    try:
        rules = load_rules(extra)
        tokenizer = make_tokenizer(kind, rules.words, cache_dir())
        return Classifier(rules, tokenizer, learned=None if rules_alone else "ours")
    except JianfuError as error:
        typer.echo(f"错误：{error}", err=True)
        raise typer.Exit(2) from error


def read_lines(source: BinaryIO) -> Iterator[str]:
    r"""Yield lines as they come, whatever bytes they are made of, with `\n` as a line break."""
    for number, raw in enumerate(source):
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        yield (line.removeprefix("\ufeff") if number == 0 else line).replace("\\n", "\n")


def as_json(text: str, found: Classification) -> str:
    """Return one JSON object for a message."""
    rules = [{"id": hit.rule_id, "label": hit.label, "matched": hit.matched} for hit in found.hits]
    return json.dumps(
        {
            "text": text,
            "labels": sorted(label.value for label in found.labels),
            "emergency": found.emergency,
            "rules": rules,
        },
        ensure_ascii=False,
    )


def open_source(file: str) -> BinaryIO:
    """Return the bytes of a file, or of standard input for "-"."""
    if file == "-":
        return sys.stdin.buffer
    try:
        return Path(file).open("rb")
    except OSError as error:
        typer.echo(
            f"错误：读不了 {file}（{error.strerror}）；请给出一个文本文件，或用 - 从标准输入读", err=True
        )
        raise typer.Exit(2) from error


def leave_broken_pipe() -> None:
    """Let the program end quietly after its reader went away."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, sys.stdout.fileno())


def classify(
    file: Annotated[str, typer.Argument(help="每行一条消息的文件；- 表示标准输入（换行写作 \\n）")] = "-",
    jsonl: Annotated[bool, typer.Option("--jsonl", help="每条消息输出一行 JSON")] = False,
    rules: Annotated[
        list[Path] | None, typer.Option("--rules", help="本县自己的规则文件（TOML），可给多个")
    ] = None,
    tokenizer: Annotated[str, typer.Option("--tokenizer", help="auto、rjieba 或 jieba")] = "auto",
) -> None:
    """给每条消息标出它要求什么，并说明依据。"""
    if tokenizer not in ("auto", "rjieba", "jieba"):
        typer.echo(f"错误：--tokenizer {tokenizer!r} 不认识；可用 auto、rjieba、jieba", err=True)
        raise typer.Exit(2)
    classifier = build_classifier(rules or [], tokenizer)  # type: ignore[arg-type] # checked just above
    try:
        with open_source(file) as source:
            if jsonl:
                out = sys.stdout.buffer
                for text in read_lines(source):
                    out.write(as_json(text, classifier.explain(text)).encode("utf-8", "replace") + b"\n")
                    out.flush()
            else:
                _print_table(source, classifier)
    except BrokenPipeError:
        leave_broken_pipe()


def _print_table(source: BinaryIO, classifier: Classifier) -> None:
    table = Table("消息", "标签", "紧急", "依据", "未成立")
    for text in read_lines(source):
        found = classifier.explain(text)
        shown = text if len(text) <= 40 else text[:39] + "…"
        table.add_row(
            _plain(shown),
            _plain("、".join(sorted(label.value for label in found.labels)) or "none"),
            "是" if found.emergency else "",
            _plain("\n".join(f"{hit.rule_id}：{hit.matched}" for hit in found.hits)),
            _plain("\n".join(f"{hit.rule_id}：{hit.matched}（{hit.blocked_by}）" for hit in found.blocked)),
        )
    Console(width=None if sys.stdout.isatty() else _WIDE).print(table)


def _plain(text: str) -> str:
    """Return the text without what a terminal or rich would act upon."""
    clean = "".join(c if c.isprintable() or c == "\n" else " " for c in text)
    return clean.replace("[", "\\[")
