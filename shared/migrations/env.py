"""Alembic's entry point, the same for every schema: the connection and the schema come in the configuration."""

from alembic import context
from sqlalchemy import text as sql


def _run(schema: str) -> None:
    connection = context.config.attributes["connection"]
    connection.execute(sql(f"create schema if not exists {schema}"))
    context.configure(connection=connection, version_table_schema=schema)
    with context.begin_transaction():
        context.run_migrations()


_run(context.config.attributes["schema"])
