"""The installation that a command works with: the one of a data folder, or the one of the environment's variables.

Start at `enter`. A named folder (`--data`, `HANDOFF_DATA`) takes precedence over the variables; `.local` counts only if
no address is set. There is no fallback to a default port, where another program may listen.
"""

import fcntl
import os
import shlex
from collections.abc import Mapping, MutableMapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from services.cli.terminal import note, stop_with

DEFAULT_DATA = Path(".local")
KAFKA = "KAFKA_BOOTSTRAP_SERVERS"
MAIL = "SMTP_URL"

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        envvar="HANDOFF_DATA",
        metavar="FOLDER",
        help="Data folder of `handoff up`. Default: .local, unless addresses are set.",
    ),
]


class ServiceName(StrEnum):
    ORDERS = "orders"
    SUPPORT = "support"
    ESCALATION = "escalation"


def _database_option(service: ServiceName) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        f"--{service}-database",
        metavar="URL",
        help=f"Address of {service}'s database. Default: {database_variable(service)}.",
    )
    return option


def database_variable(service: ServiceName) -> str:
    """The variable with the address of a service's database."""
    return f"{service.upper()}_DATABASE_URL"


OrdersDatabase = Annotated[str | None, _database_option(ServiceName.ORDERS)]
SupportDatabase = Annotated[str | None, _database_option(ServiceName.SUPPORT)]
EscalationDatabase = Annotated[str | None, _database_option(ServiceName.ESCALATION)]

_ADDRESSES = (KAFKA, *map(database_variable, ServiceName))


def enter(data: Path | None, **given: str | None) -> None:
    """Set this process's environment to one installation; if a folder names it, print which on standard error.

    `given` are addresses of databases by service, from the command line; they take precedence over everything else.
    """
    variables = {database_variable(ServiceName(name)): url for name, url in given.items() if url}
    if data is not None:
        os.environ.update(_running(data))
    elif not variables and not any(map(is_set, _ADDRESSES)):
        _fill(os.environ, DEFAULT_DATA)
    os.environ.update(variables)


def enter_with_every_database(
    data: Path | None, *, orders: str | None, support: str | None, escalation: str | None
) -> dict[str, str]:
    """As `enter`. Return the addresses of all three databases by service. Ends the command if one is missing."""
    enter(data, orders=orders, support=support, escalation=escalation)
    require(*map(database_variable, ServiceName))
    return {name.value: database_of(name) for name in ServiceName}


def database_of(service: ServiceName) -> str:
    """The address of a service's database. Ends the command if it is not set."""
    variable = database_variable(service)
    require(variable)
    url = _given(variable)
    check_address(variable, url)
    return url


def check_address(variable: str, url: str) -> None:
    """End the command if an address has a form in which part of its password would count as the server's name."""
    from shared.addresses import fault_of

    fault = fault_of(variable, url)
    if fault is not None:
        raise stop_with(fault)


def _given(variable: str) -> str:
    if os.environ.get(variable) and not os.environ.get(f"{variable}_FILE"):
        return os.environ[variable]
    from shared.secret_files import from_file

    try:
        return from_file(variable, is_given=bool(os.environ.get(variable))) or ""
    except ValueError as error:
        raise stop_with(str(error)) from None


def is_set(variable: str) -> bool:
    """Whether a variable is set, or names a file with `_FILE`."""
    return bool(os.environ.get(variable) or os.environ.get(f"{variable}_FILE"))


def require(*variables: str) -> None:
    """End the command unless each of these variables is set."""
    missing = [name for name in variables if not is_set(name)]
    if missing:
        raise stop_with(
            f"Not set: {', '.join(missing)}. Set {'these variables' if missing[1:] else 'this variable'}, or name the "
            f"data folder of a running `handoff up` with --data or HANDOFF_DATA. (No installation is running in "
            f"{DEFAULT_DATA}.)"
        )


def _fill(environment: MutableMapping[str, str], folder: Path) -> None:
    if _file(folder).is_file() and not _has_stopped(folder):
        for name, value in _read(folder).items():
            environment.setdefault(name, value)


def _running(folder: Path) -> Mapping[str, str]:
    """The installation of a named folder. Ends the command if the folder has no running one."""
    if not _file(folder).is_file():
        raise stop_with(
            f"{folder} has no running installation: there is no file {_file(folder)}. `handoff up --data {folder}` "
            "writes it while it runs."
        )
    if _has_stopped(folder):
        raise stop_with(
            f"The installation in {folder} is no longer running: start it with `handoff up --data {folder}`."
        )
    return _read(folder)


def _has_stopped(folder: Path) -> bool:
    """Whether the process that started it has ended, and the servers with it; it holds the lock while it runs."""
    try:
        with (folder / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # no lock: written by hand, for servers of one's own
        return False
    return True


def _read(folder: Path) -> dict[str, str]:
    note(f"Installation: {folder.absolute()}")
    lines = _file(folder).read_text("utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name: "".join(shlex.split(value)[:1]) for name, _, value in pairs}


def _file(folder: Path) -> Path:
    return folder / "environment"
