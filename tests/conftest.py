"""What all tests share: two databases, a town on each of them, and how hypothesis runs."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import settings

from bot.config import DatabaseSettings
from bot.testing import FakeChannel, Town, quick_config

pytest_plugins = ["tests.gateway_fixtures"]

POSTGRES = os.environ.get("JIANFU_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")
MONDAY = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)  # 09:00 in China

settings.register_profile("jianfu", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("jianfu")

MakeTown = Callable[..., Town]


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """A schema of its own on the PostgreSQL server."""
    try:
        server = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        if "CI" in os.environ:
            pytest.fail(f"no PostgreSQL at JIANFU_TEST_POSTGRES: {error}")
        pytest.skip(f"no PostgreSQL at JIANFU_TEST_POSTGRES: {error}")
    schema = f"jianfu_{uuid4().hex[:12]}"
    with server:
        server.execute(f'CREATE SCHEMA "{schema}"')
        try:
            yield f"{POSTGRES}?options=-csearch_path%3D{schema}"
        finally:
            server.execute(f'DROP SCHEMA "{schema}" CASCADE')


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database: SQLite, then PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'data' / 'jianfu.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def make_town(database_url: str, tmp_path: Path) -> Iterator[MakeTown]:
    """Make towns on one database: a second one is the program started again."""
    towns: list[Town] = []

    def make(now: datetime = MONDAY, *, channel: FakeChannel | None = None, **sections: Any) -> Town:
        config = quick_config(
            tmp_path / "data", **{"database": DatabaseSettings(url=database_url), **sections}
        )
        town = Town(config, now, channel=channel)
        towns.append(town)
        return town

    yield make
    for town in towns:
        town.close()


@pytest.fixture
def town(make_town: MakeTown) -> Town:
    """A town on Monday 16 November 2026, 09:00 in China."""
    return make_town()
