"""The names that operators use: settings, lines of the policy, commands and their options, metrics, spans."""

from collections.abc import Iterator
from enum import Enum
from typing import Any, get_args

from pydantic import SecretStr
from typer.core import TyperGroup, TyperOption
from typer.main import get_command

from services.cli.installation import ServiceName
from services.cli.lazy import LazyGroup
from services.cli.main import app
from services.cli.run import runnable
from services.escalation.channels.channel import Trouble
from services.escalation.domain.policy.document import schema
from shared import telemetry
from shared.http.publisher_keys import Publisher
from shared.messaging.blocks import Block
from shared.messaging.consumer import DATABASE_RIGHT_MISSING
from shared.messaging.slots import SLOT_TAKEN
from shared.metrics import create_metrics
from shared.secret_files import variable_of
from tests.contracts.pins.examples import members_of_schema
from tests.contracts.pins.group import Group, Names
from tests.contracts.pins.reading import COMPUTED, calls_of, texts
from tests.faults import crash_points

_SPANS = (telemetry.start_effect_span, telemetry.span, telemetry.batch_span)


def settings() -> Names:
    """The variables of the environment that each service reads, and those of commands."""
    names = {name.value: sorted(_variables(runnable(name).settings)) for name in ServiceName}
    of_commands = {str(one.envvar) for _, command in commands() for one in command.params if one.envvar}
    entries = sorted(field.alias or name for name, field in Publisher.model_fields.items())
    return names | {"commands": sorted(of_commands), "PUBLISHER_KEYS, its entries": entries}


def _variables(kind: Any) -> Iterator[str]:
    for name, field in kind.model_fields.items():
        variable = variable_of(name, field)
        yield variable
        if SecretStr in (field.annotation, *getattr(field.annotation, "__args__", ())):
            yield f"{variable}_FILE"


def policy_document() -> Names:
    """The path of every line that a policy can have, by its first part."""
    document = schema()
    paths = dict.fromkeys(members_of_schema(document, document))
    first = dict.fromkeys(path.partition(".")[0].partition("[")[0] for path in paths)
    return {part: sorted(path for path in paths if path.split(".")[0].split("[")[0] == part) for part in first}


def commands(group: Any = None, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every command of `handoff` by its words."""
    group = group or get_command(app)
    for name, one in (group.loaded() if isinstance(group, LazyGroup) else group.commands).items():
        if isinstance(one, TyperGroup):
            yield from commands(one, f"{path}{name} ")
        else:
            yield f"{path}{name}", one


def options() -> Names:
    """The options of every command by its words, and the values that an option or an argument can have."""
    return {
        f"handoff {words}": sorted({name for one in command.params for name in _words_of(one)})
        for words, command in commands()
    }


def _words_of(parameter: Any) -> Iterator[str]:
    is_option = isinstance(parameter, TyperOption)
    yield from (*parameter.opts, *parameter.secondary_opts) if is_option else ()
    kind = parameter.type_descriptor.annotation
    for one in (kind, *get_args(kind)):
        if isinstance(one, type) and issubclass(one, Enum):
            yield from (f"{parameter.opts[0] if is_option else parameter.metavar} = {each.value}" for each in one)


def metrics() -> Names:
    """Every metric with its labels, as Prometheus shows it."""
    measured = create_metrics("orders")
    groups = (measured.consumer, measured.queues, measured.alerts, measured.process)
    instruments = [getattr(group, name) for group in groups for name in group.__slots__]
    names: Names = {_shown(one.describe()[0]): sorted(one._labelnames) for one in instruments}
    return names | {
        "handoff_service_info": ["service", "version"],
        "troubles of handoff_delivery_attempts": sorted(map(str, Trouble)),
        "reasons of handoff_consumer_blocked": sorted([*map(str, Block), SLOT_TAKEN, DATABASE_RIGHT_MISSING]),
    }


def _shown(family: Any) -> str:
    return f"{family.name}_total" if family.type == "counter" else str(family.name)


def spans() -> Names:
    """The names of spans, with {} for computed parts, and of their attributes."""
    calls = [call for function in _SPANS for call in calls_of(function.__name__, "services/", "shared/")]
    names = set().union(*(texts(call.module, call.arguments[0]) for call in calls))
    return {"names": sorted(names - {COMPUTED}), "attributes": sorted(map(str, telemetry.Attribute))}


def places_to_crash() -> Names:
    """The crash points of the fault runs."""
    return {"crash points": sorted(crash_points.ALL)}


GROUPS = (
    Group("settings", "Installations set these variables; under another name a value is silently ignored.", settings),
    Group(
        "lines of the policy",
        "Published documents have them, and a release leaves out the lines that it does not know.",
        policy_document,
    ),
    Group("commands and options", "Runbooks, mail programs and scheduled jobs call them.", options),
    Group("metrics", "Dashboards and alert rules of installations query them, with these labels.", metrics),
    Group("spans", "Collectors and saved searches know spans by these names and attributes.", spans),
    Group("crash points", "Reports of fault runs name them, and a run is repeated by them.", places_to_crash),
)
