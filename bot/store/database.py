"""The connection: SQLite (WAL, synchronous=FULL) or PostgreSQL, behind one way to read and one to write."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlmodel import Session

from bot.errors import SchemaVersionError, StoreError, StoreUnavailableError

WRITE = {"jianfu_write": True}
LOCK = 0x6A69616E  # "jian": the advisory lock that makes writers of one PostgreSQL take turns


class Database:
    """One database; sessions are used by one thread at a time."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        # SQLite lets writers wait without an order, and one may starve: ours queue up before they ask.
        self._turn: AbstractContextManager[object] = Lock() if self.is_sqlite else nullcontext()
        if self.is_sqlite and self.url.database:
            try:
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                msg = f"数据库文件夹建不了：{Path(self.url.database).parent}（{error.strerror}）"
                raise StoreUnavailableError(msg) from error
        options: dict[str, Any] = {} if self.is_sqlite else {"pool_pre_ping": True}
        self.engine = create_engine(self.url, hide_parameters=True, **options)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a transaction that writes; writers take turns. Raises StoreUnavailableError."""
        with (
            _translated(),
            self.engine.connect().execution_options(**WRITE) as connection,
            connection.begin(),
        ):
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            with Session(bind=connection, autoflush=False) as session:
                yield session
                session.flush()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a transaction that only reads."""
        with _translated(), Session(self.engine, autoflush=False) as session:
            yield session

    def upgrade(self) -> None:
        """Bring the schema up to date, in one transaction. Raises SchemaVersionError for one of a newer program."""
        with (
            _translated(),
            self.engine.connect().execution_options(**WRITE) as connection,
            connection.begin(),
        ):
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            try:
                command.upgrade(_alembic(connection), "head")
            except CommandError as error:
                msg = "数据库结构版本这个程序不认识：它由更新的版本写成，请升级程序，或从备份恢复"
                raise SchemaVersionError(msg) from error

    def version(self) -> tuple[str | None, str | None]:
        """Return the schema's version and the one this program knows."""
        with _translated(), self.engine.connect() as connection:
            here = MigrationContext.configure(connection).get_current_revision()
        return here, ScriptDirectory.from_config(_alembic(None)).get_current_head()

    def require_current(self) -> None:
        """Raise SchemaVersionError unless the schema is the one this program knows."""
        here, head = self.version()
        if here != head:
            msg = f"数据库结构版本是 {here or '空'}，程序需要 {head}：请先运行 jianfu db upgrade"
            raise SchemaVersionError(msg)

    def settle(self) -> None:
        """Let go of old page images: what was deleted stands in SQLite's log until it is emptied."""
        if self.is_sqlite:
            with _translated(), self.engine.connect() as connection:
                connection.exec_driver_sql("COMMIT")  # a checkpoint cannot run within a transaction
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def backup(self, target: Path) -> None:
        """Copy a SQLite database while it is in use. Raises StoreError for PostgreSQL."""
        if not self.is_sqlite:
            msg = "PostgreSQL 请用 pg_dump 备份；本命令只备份 SQLite"
            raise StoreError(msg)
        source = sqlite3.connect(str(self.url.database))
        try:
            copy = sqlite3.connect(target)
            try:
                source.backup(copy)
            finally:
                copy.close()
        finally:
            source.close()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        msg = f"数据库现在用不了：{_reason(error)}"
        raise StoreUnavailableError(msg) from error
    except DBAPIError as error:
        msg = f"数据库拒绝：{_reason(error)}"
        raise StoreError(msg) from error
    except SQLAlchemyError as error:
        msg = f"数据库出错：{type(error).__name__}"
        raise StoreError(msg) from error


def _reason(error: DBAPIError) -> str:
    # Only the driver's words: SQLAlchemy's own message repeats the parameters, which may hold texts.
    first = str(error.orig).strip().splitlines()
    return first[0] if first else type(error).__name__


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # BEGIN is ours: see _begin_sqlite
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=30000",
        "foreign_keys=ON",
        "secure_delete=ON",
        "cache_size=-16000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("jianfu_write")
    # A reader that turns into a writer may find the database locked; a writer says so at once.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _alembic(connection: Connection | None) -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
