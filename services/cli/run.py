"""`handoff run` and `handoff migrate`: the processes of production."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import asyncpg
import typer
from pydantic import ValidationError

from services.cli import failures
from services.cli.terminal import printable, stop_with
from services.escalation import app as escalation
from services.escalation.settings import EscalationSettings
from services.orders import app as orders
from services.orders.settings import OrdersSettings
from services.support import app as support
from services.support.settings import SupportSettings
from shared.dated import AheadRow, Dated, rows_ahead
from shared.migrations import Migrations, OlderProcessesConnected, migrate
from shared.runtime import run as run_service
from shared.service import Role, Service
from shared.settings import KafkaSettings, ServiceSettings

S = TypeVar("S", bound=KafkaSettings)

_MOST_LISTED = 20


class ServiceName(StrEnum):
    ORDERS = "orders"
    SUPPORT = "support"
    ESCALATION = "escalation"


@dataclass(frozen=True, slots=True)
class Runnable:
    """A service before its settings are read."""

    settings: type[ServiceSettings]
    service: Callable[[Any], Service]
    migrations: Migrations
    dated: tuple[Dated, ...]


SERVICES: Mapping[ServiceName, Runnable] = {
    ServiceName.ORDERS: Runnable(OrdersSettings, orders.service, orders.MIGRATIONS, orders.DATED),
    ServiceName.SUPPORT: Runnable(SupportSettings, support.service, support.MIGRATIONS, support.DATED),
    ServiceName.ESCALATION: Runnable(EscalationSettings, escalation.service, escalation.MIGRATIONS, escalation.DATED),
}


def run(
    name: Annotated[ServiceName, typer.Argument(metavar="SERVICE", help="orders, support or escalation.")],
    role: Annotated[Role, typer.Option(help="What this process does.")] = Role.ALL,
    slot: Annotated[
        int | None, typer.Option(min=0, help="A stable number among this service's processes: restarts go on at once.")
    ] = None,
) -> None:
    """Run one process of a service until it is told to stop."""
    settings = read_settings(name)
    service = service_of(name, settings)
    raise typer.Exit(asyncio.run(run_service(service, settings, role=role, slot=slot)))


def migrate_all(
    only: Annotated[list[ServiceName] | None, typer.Option(help="Only this service; may be given again.")] = None,
) -> None:
    """Create the tables of the services' databases, or bring them up to date."""
    for name in only or list(ServiceName):
        settings = read_settings(name)
        url = settings.database_url.get_secret_value()
        try:
            ahead = asyncio.run(_migrated(url, SERVICES[name], settings.max_clock_skew))
        except OSError as error:
            raise stop_with(failures.of_database(name, url, error)) from None
        except OlderProcessesConnected as refused:
            raise stop_with(f"{name.value}: {refused}.") from None
        print(f"{name.value}: tables are up to date")
        _list_rows_ahead(name, ahead)


async def _migrated(url: str, service: Runnable, skew: timedelta) -> list[AheadRow]:
    """Brings the tables up to date, and finds what in them is dated ahead of the clock."""
    await migrate(url, service.migrations)
    connection = await asyncpg.connect(url, timeout=5)
    try:
        return await rows_ahead(connection, service.dated, skew)
    finally:
        await connection.close()


def _list_rows_ahead(name: ServiceName, ahead: Sequence[AheadRow]) -> None:
    if not ahead:
        return
    print(f"{name.value}: {len(ahead)} times are ahead of the clock; until then they outrank what is reported now")
    for row in ahead[:_MOST_LISTED]:
        print(f"    {row.place}  {printable(row.about)}  {row.at:%Y-%m-%d %H:%M:%S}")
    if len(ahead) > _MOST_LISTED:
        print(f"    … and {len(ahead) - _MOST_LISTED} more")
    print("    `handoff repair-times` has them count at the time they were heard.")


def read_settings(name: ServiceName) -> ServiceSettings:
    """The service's settings."""
    return from_environment(SERVICES[name].settings)


def from_environment(settings: Callable[[], S]) -> S:
    """Settings of the environment, or an error that names each variable at fault. Every command reads them here."""
    try:
        return settings()
    except ValidationError as error:
        faults = [": ".join(filter(None, (_variable(fault["loc"]), fault["msg"]))) for fault in error.errors()]
        raise stop_with("cannot start; check these variables of the environment:\n  " + "\n  ".join(faults)) from None


def _variable(place: tuple[int | str, ...]) -> str:
    """The variable of a fault; none for what is wrong with several, which says so itself."""
    return ".".join(map(str, place)).upper()


def service_of(name: ServiceName, settings: ServiceSettings) -> Service:
    """The service with these settings, or an error that says what is wrong with them."""
    try:
        return SERVICES[name].service(settings)
    except ValueError as error:
        raise stop_with(f"cannot start; {error}") from None
