"""`handoff run` and `handoff migrate`: the processes of production. `runnable` is what runs a service."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from services.cli import failures
from services.cli.installation import KAFKA, MAIL, Data, ServiceName, database_of, database_variable, enter, require
from services.cli.terminal import counted, printable, stop_with
from shared.role import Role

if TYPE_CHECKING:  # a command imports the one service that it works with
    from shared.dated import AheadRow
    from shared.outline import Outline
    from shared.service import Service
    from shared.settings import KafkaSettings, ServiceSettings

S = TypeVar("S", bound="KafkaSettings")

_MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class Runnable:
    """A service before its settings are read, and the function that makes it from them and imports all its code."""

    settings: "type[ServiceSettings]"
    service: "Callable[[Any], Service]"


def runnable(name: ServiceName) -> Runnable:
    """The runnable of a service. Imports only that service's settings."""
    match name:
        case ServiceName.ORDERS:
            from services.orders.settings import OrdersSettings

            return Runnable(OrdersSettings, _orders)
        case ServiceName.SUPPORT:
            from services.support.settings import SupportSettings

            return Runnable(SupportSettings, _support)
        case ServiceName.ESCALATION:
            from services.escalation.settings import EscalationSettings

            return Runnable(EscalationSettings, _escalation)


def _orders(settings: Any) -> "Service":
    from services.orders.app import service

    return service(settings)


def _support(settings: Any) -> "Service":
    from services.support.app import service

    return service(settings)


def _escalation(settings: Any) -> "Service":
    from services.escalation.app import service

    return service(settings)


def outline_of(name: ServiceName) -> "Outline":
    """A service in outline, without its code."""
    match name:
        case ServiceName.ORDERS:
            from services.orders.outline import OUTLINE as ORDERS

            return ORDERS
        case ServiceName.SUPPORT:
            from services.support.outline import OUTLINE as SUPPORT

            return SUPPORT
        case ServiceName.ESCALATION:
            from services.escalation.outline import OUTLINE as ESCALATION

            return ESCALATION


def run(
    name: Annotated[ServiceName, typer.Argument(metavar="SERVICE", help="orders, support or escalation.")],
    role: Annotated[
        Role,
        typer.Option(
            metavar="ROLE", help="Parts to run: all, consume (reads Kafka), relay (publishes the outbox) or web (HTTP)."
        ),
    ] = Role.ALL,
    slot: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="NUMBER",
            help="Fixed number, unique among this service's processes, that lets the process keep its partitions "
            "across restarts.",
        ),
    ] = None,
    data: Data = None,
) -> None:
    """Run one process of a service until it is stopped.

    Needs KAFKA_BOOTSTRAP_SERVERS and ORDERS_DATABASE_URL, SUPPORT_DATABASE_URL or ESCALATION_DATABASE_URL, and
    SMTP_URL for escalation; or the data folder of a running `handoff up`.
    """
    enter(data)
    require(KAFKA, database_variable(name), *([MAIL] if name is ServiceName.ESCALATION else []))
    settings = read_settings(name)
    service = service_of(name, settings)
    from shared.runtime import run as run_service

    raise typer.Exit(asyncio.run(run_service(service, settings, role=role, slot=slot)))


def migrate_all(
    only: Annotated[
        list[ServiceName] | None, typer.Option(metavar="SERVICE", help="Only this service. Repeat for several.")
    ] = None,
    data: Data = None,
) -> None:
    """Create the tables of the services' databases, or bring them up to date.

    Reads ORDERS_DATABASE_URL, SUPPORT_DATABASE_URL and ESCALATION_DATABASE_URL.
    """
    enter(data)
    wanted = only or list(ServiceName)
    require(*map(database_variable, wanted))
    for name in wanted:
        _migrate_one(name)


def _migrate_one(name: ServiceName) -> None:
    from shared.database import DATABASE_ERRORS
    from shared.migrations import OlderProcessesConnected

    settings, url = read_settings(name), database_of(name)
    try:
        ahead = asyncio.run(_migrated(url, outline_of(name), settings.max_clock_skew))
    except DATABASE_ERRORS as error:
        raise stop_with(failures.of_database(name, url, error)) from None
    except OlderProcessesConnected as refused:
        raise stop_with(f"{name.value}: {refused}.") from None
    print(f"{name.value}: tables are up to date")
    _list_rows_ahead(name, ahead)


async def _migrated(url: str, service: "Outline", skew: timedelta) -> "list[AheadRow]":
    """Brings the tables up to date, and finds what in them is dated ahead of the clock."""
    import asyncpg

    from shared.dated import rows_ahead
    from shared.migrations import migrate

    await migrate(url, service.migrations)
    connection = await asyncpg.connect(url, timeout=5)
    try:
        return await rows_ahead(connection, service.dated, skew)
    finally:
        await connection.close()


def _list_rows_ahead(name: ServiceName, ahead: "Sequence[AheadRow]") -> None:
    if not ahead:
        return
    print(f"{name.value}: {counted(len(ahead), 'time')} in the future, which until then will override newer reports")
    for row in ahead[:_MOST_LISTED]:
        print(f"    {row.place}  {printable(row.about)}  {row.at:%Y-%m-%d %H:%M:%S} UTC")
    if len(ahead) > _MOST_LISTED:
        print(f"    … and {len(ahead) - _MOST_LISTED} more")
    print("    `handoff repair-times` sets them to the time they were received.")


def read_settings(name: ServiceName) -> "ServiceSettings":
    """The service's settings. Ends the command if no database is set."""
    require(database_variable(name))
    return from_environment(runnable(name).settings)


def from_environment(settings: Callable[[], S]) -> S:
    """Settings of the environment, or an error that names each faulty variable. Every command reads them here."""
    from pydantic import ValidationError

    try:
        return settings()
    except ValidationError as error:
        faults = [": ".join(filter(None, (_variable(fault["loc"]), fault["msg"]))) for fault in error.errors()]
        raise stop_with("cannot start; check these environment variables:\n  " + "\n  ".join(faults)) from None


def _variable(place: tuple[int | str, ...]) -> str:
    """The variable of a fault; empty for a fault of several variables, which names them itself."""
    return ".".join(map(str, place)).upper()


def service_of(name: ServiceName, settings: "ServiceSettings") -> "Service":
    """The service with these settings, or an error that names their fault."""
    try:
        return runnable(name).service(settings)
    except ValueError as error:
        raise stop_with(f"cannot start; {error}") from None
