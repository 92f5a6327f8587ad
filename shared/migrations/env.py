"""Alembic's entry point, the same for every schema: the connection and the tables come in the configuration."""

from alembic import context
from sqlalchemy import MetaData
from sqlalchemy import text as sql


def _run(metadata: MetaData) -> None:
    connection = context.config.attributes["connection"]
    connection.execute(sql(f"create schema if not exists {metadata.schema}"))
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table_schema=metadata.schema,
        include_schemas=True,
        include_name=lambda name, kind, _parents: kind != "schema" or name == metadata.schema,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


_run(context.config.attributes["metadata"])
