"""What a command says when a database cannot be used: which, where, and what to do. Never with its password."""

import asyncpg

from shared.addresses import place_of

_NO_TABLES = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.InvalidSchemaNameError)


def of_database(service: str, url: str, error: Exception) -> str:
    """The sentence for one of `shared.database.DATABASE_ERRORS`."""
    whose, where, variable = f"The database of {service}", place_of(url), f"{service.upper()}_DATABASE_URL"
    name = type(error).__name__
    if isinstance(error, _NO_TABLES):
        return (
            f"{whose} at {where} has no tables of that service, or old ones. Run `handoff migrate --only {service}` "
            f"with the same address, or correct {variable}."
        )
    if isinstance(error, OSError):
        return (
            f"{whose} does not answer at {where} ({name}). Start it with `handoff up`, "
            f"or set {variable} to the address of yours."
        )
    return f"{whose} at {where} cannot be used ({name}): check {variable} and its log."
