"""The messages of commands if a database cannot be used: its name, its address, and the remedy, never its password."""

from urllib.parse import unquote, urlsplit

import asyncpg

from shared.addresses import place_of
from shared.database import RightMissing, TablesUnfit, lacks_right

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
    if lacks_right(error):
        return (
            f"{whose} at {where} denies a permission: {error}. Have its owner grant it; `handoff migrate` needs the "
            f"whole database: {_owner(url)}."
        )
    if isinstance(error, RightMissing | TablesUnfit):
        return f"{whose} at {where} cannot be used: {error.safe_message}."
    if isinstance(error, OSError):
        return (
            f"{whose} does not respond at {where} ({name}). Start it with `handoff up`, "
            f"or set {variable} to the address of your own."
        )
    return f"{whose} at {where} cannot be used ({name}): check {variable} and its log."


def _owner(url: str) -> str:
    """The statement that gives the database of an address to its user."""
    parts = urlsplit(url)
    names = (parts.path.removeprefix("/"), parts.username or "")
    database, user = (unquote(name).replace('"', '""') for name in names)
    return f'`alter database "{database}" owner to "{user}"`'
