"""What the commands share: the -c option, settings, and a context for reports."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bot.app import Store
from bot.clock import SystemClock
from bot.config import Config, load
from bot.hooks import Context
from bot.registry import Registry
from bot.store.figures import FiguresReader
from bot.store.notices import NoticeReader
from bot.store.reader import Reader
from bot.texts import Texts

ConfigOption = Annotated[
    Path | None, typer.Option("-c", "--config", help="配置文件；不写则用 ./config.toml，再没有则用内置默认值")
]


@contextmanager
def opened(path: Path | None) -> Iterator[Store]:
    """Open the store that the settings name, with its schema up to date."""
    store = Store(load(path))
    try:
        store.open()
        yield store
    finally:
        store.close()


@contextmanager
def reporting(store: Store) -> Iterator[Context]:
    """Open a read-only context, as plugins have it, for reports from the command line."""
    config: Config = store.config
    now = SystemClock().now()
    with store.database.read() as session:
        yield Context(
            now=now,
            zone=config.zone,
            config=config,
            reader=Reader(session, now),
            figures=FiguresReader(session, config.zone),
            notices=NoticeReader(session, now, config.zone, store.follower),
            texts=Texts.load(),
            registry=Registry(()),
        )
