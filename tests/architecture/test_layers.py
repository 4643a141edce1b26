"""Which part may import which: the way of a message, held by a test."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Pure parts: no store, no channels, no composition root.
PURE = ("bot/classify/", "bot/notices/", "bot/period.py", "bot/pacing.py", "bot/reports/figures.py", "bot/events.py",
        "bot/errors.py", "bot/secrecy.py", "bot/clock.py")  # fmt: skip
IMPURE = ("bot.store", "bot.channels", "bot.app", "bot.cli", "bot.pipeline", "bot.inbox", "bot.outbox", "bot.worker",
          "bot.actions", "bot.hooks", "bot.testing", "sqlalchemy", "sqlmodel", "loguru", "asyncio", "apscheduler")  # fmt: skip

SDKS = ("wechaty", "wechaty_puppet", "wechaty_puppet_service", "wechaty_grpc", "grpclib", "pyee")

# What plugins may use: the hooks, the words that they speak, and read-only views.
PUBLIC = ("bot.hooks", "bot.events", "bot.errors", "bot.period", "bot.rights", "bot.secrecy", "bot.reports",
          "bot.store.reader", "bot.store.notices", "bot.store.figures", "bot.notices.records")  # fmt: skip

COMPOSERS = ("bot/cli/", "bot/testing.py", "tests/")  # who may import the composition root


def modules(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports, anywhere in it, with the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno
            for name in node.names:
                yield f"{node.module}.{name.name}", node.lineno


def within(name: str, parents: tuple[str, ...]) -> bool:
    return any(name == parent or name.startswith(f"{parent}.") for parent in parents)


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_pure_parts_know_no_store_no_channel_and_no_loop() -> None:
    paths = [path for path in modules("bot") if relative(path).startswith(PURE)]
    assert len(paths) > 20
    # The choice of the tokenizer may be told to the operator; a vocabulary is read where it is built.
    wrong = [
        f"{relative(path)}:{line} imports {name}"
        for path in paths
        for name, line in imported(path)
        if within(name, IMPURE)
    ]
    assert wrong == []


def test_only_channels_know_an_sdk() -> None:
    wrong = [
        f"{relative(path)}:{line} imports {name}"
        for path in modules("bot", "plugins")
        if not relative(path).startswith("bot/channels/")
        for name, line in imported(path)
        if within(name, SDKS)
    ]
    assert wrong == []


def test_channels_know_neither_store_nor_pipeline() -> None:
    wrong = [
        f"{relative(path)}:{line} imports {name}"
        for path in modules("bot/channels")
        for name, line in imported(path)
        if within(
            name, ("bot.store", "bot.app", "bot.pipeline", "bot.inbox", "bot.outbox", "bot.hooks", "sqlmodel")
        )
    ]
    assert wrong == []


def test_reports_and_the_reading_side_never_write() -> None:
    wrong = [
        f"{relative(path)}:{line} imports {name}"
        for path in [*modules("bot/reports"), ROOT / "bot/store/reader.py", ROOT / "bot/store/figures.py"]
        for name, line in imported(path)
        if within(
            name,
            (
                "bot.store.recorder",
                "bot.store.outgoing",
                "bot.store.purge",
                "sqlalchemy.insert",
                "sqlalchemy.update",
                "sqlalchemy.delete",
            ),
        )
    ]
    assert wrong == []


def test_plugins_use_only_what_is_public() -> None:
    wrong = [
        f"{relative(path)}:{line} imports {name}"
        for path in modules("plugins")
        for name, line in imported(path)
        if within(name, ("bot", "sqlalchemy", "sqlmodel", "asyncio", "plugins")) and not within(name, PUBLIC)
    ]
    assert wrong == []


def test_the_composition_root_is_imported_by_the_command_line_and_tests_alone() -> None:
    wrong = [
        relative(path)
        for path in modules("bot", "plugins")
        if not relative(path).startswith(COMPOSERS)
        and any(within(name, ("bot.app",)) for name, _ in imported(path))
    ]
    assert wrong == []


def test_rows_stay_in_the_store_and_where_they_are_written() -> None:
    """Tables are known to the store, to the inbox, and to what carries out actions; nobody else."""
    allowed = (
        "bot/store/",
        "bot/actions.py",
        "bot/inbox.py",
        "bot/pipeline.py",
        "bot/react.py",
        "bot/app.py",
    )
    wrong = [
        f"{relative(path)}:{line} imports {name}"
        for path in modules("bot", "plugins")
        if not relative(path).startswith(allowed)
        for name, line in imported(path)
        if within(name, ("bot.store.tables", "bot.store.tables_work"))
    ]
    assert wrong == []


@pytest.mark.parametrize("path", list(modules("bot", "plugins")), ids=relative)
def test_every_module_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree) or not path.read_text(encoding="utf-8").strip()
