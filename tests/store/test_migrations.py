"""Migrations lead from an empty database to the schema of the models, on both databases."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

from bot.app import Store
from bot.errors import ConfigError, SchemaVersionError
from bot.store import tables, tables_work
from bot.store.database import Database
from bot.testing import quick_config


@pytest.fixture
def empty(database_url: str) -> Database:
    return Database(database_url)


def test_from_nothing_to_head_is_what_the_models_say(empty: Database) -> None:
    assert empty.version()[0] is None
    with pytest.raises(SchemaVersionError, match="jianfu db upgrade"):
        empty.require_current()
    empty.upgrade()
    empty.require_current()
    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    empty.close()


def test_upgrading_twice_changes_nothing(empty: Database) -> None:
    empty.upgrade()
    before = empty.version()
    empty.upgrade()
    assert empty.version() == before
    empty.close()


def test_every_table_of_the_models_is_there_and_no_other(empty: Database) -> None:
    empty.upgrade()
    found = set(inspect(empty.engine).get_table_names()) - {"alembic_version"}
    assert found == set(SQLModel.metadata.tables)
    assert tables.MessageRow.__tablename__ in found
    assert tables_work.OutboxMessage.__tablename__ in found
    empty.close()


def test_an_interrupted_migration_leaves_nothing(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import op

    create, left = op.create_table, [6]

    def fail(*args: object, **more: object) -> object:
        left[0] -= 1
        if left[0] == 0:
            raise RuntimeError("the power goes out")
        return create(*args, **more)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(op, "create_table", fail)
    with pytest.raises(RuntimeError):
        empty.upgrade()
    monkeypatch.undo()
    assert inspect(empty.engine).get_table_names() == []
    empty.upgrade()
    empty.require_current()
    empty.close()


def test_a_database_of_a_newer_program_is_refused(empty: Database) -> None:
    empty.upgrade()
    with empty.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaVersionError, match="9999"):
        empty.require_current()
    with pytest.raises(SchemaVersionError):
        empty.upgrade()
    empty.close()


def test_another_key_than_the_databases_is_refused(tmp_path: Path) -> None:
    config = quick_config(tmp_path)
    store = Store(config)
    store.open()
    store.close()
    config.key_path.unlink()
    other = Store(config)
    with pytest.raises(ConfigError, match="密钥"):
        other.open()
    other.close()


def test_sqlite_is_durable(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    database.upgrade()
    with database.read() as session:
        connection = session.connection()
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000
    database.close()
