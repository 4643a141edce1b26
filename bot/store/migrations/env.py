"""Alembic's entry: runs on the connection that `Database.upgrade` hands over."""

from alembic import context
from sqlmodel import SQLModel

from bot.store import tables, tables_work  # noqa: F401 (defines the tables)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    transaction_per_migration=False,
    render_as_batch=True,
)
context.run_migrations()
