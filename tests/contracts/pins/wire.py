"""The names in events and ids: the JSON of our own facts, the sources of events, and the parts of ids."""

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from itertools import product
from typing import Any, get_type_hints

from services.cli.installation import ServiceName
from services.cli.run import outline_of
from services.escalation.domain.decisions.decision import Decision
from services.escalation.domain.decisions.registry import DECISIONS
from services.escalation.domain.facts import fact_id
from services.escalation.domain.own_facts import EpisodeDue
from services.escalation.handlers import apply
from services.escalation.store.left_to_judge import event_id
from services.orders.domain import awaited_order
from services.support.domain import CaseKey
from shared.contracts.catalog import CATALOG, TOPICS
from shared.contracts.dead_letters import topic_of
from shared.contracts.envelope import envelope
from shared.contracts.fact import Fact
from shared.contracts.support_inbound import ResponsePromised
from shared.ids import AccountId, CaseId, OrderId, derived
from shared.inputs import RawMessage, Rejection
from shared.messaging.cluster import Cluster
from shared.timers import timer_id
from shared.transaction import Transaction
from tests.contracts.pins.examples import example
from tests.contracts.pins.group import Group, Names, by_service
from tests.contracts.pins.kept import METADATA
from tests.contracts.pins.reading import COMPUTED, Call, at_import, calls_of, code, origins, strings, text, texts

_CODE = ("services/", "shared/")
_SOURCE = re.compile(r"handoff(/[a-z_{}]+)+")
_TYPE = re.compile(r"(orders|support|escalation)(\.[a-z_]+)+")


def own_facts() -> Names:
    """The JSON of an example of each fact that a service sends to itself; members with a default appear in it."""
    return {fact.type: json.loads(example(fact).model_dump_json()) for fact in _own(Fact)}


def _own(base: type[Fact]) -> list[type[Fact]]:
    """The product's facts without a topic, by their type."""
    for name in ServiceName:
        import_module(f"services.{name.value}.app")
    return sorted(set(_topicless(base)), key=lambda fact: fact.type)


def _topicless(base: type[Fact]) -> Iterator[type[Fact]]:
    for fact in base.__subclasses__():
        yield from _topicless(fact)
        if fact.__module__.startswith(("services.", "shared.")) and hasattr(fact, "type") and fact.topic == "":
            yield fact


def topics() -> Names:
    """The types on each topic."""
    return {topic: sorted(fact.type for fact in facts) for topic, facts in TOPICS.items()}


def readers_and_writers() -> Names:
    """The topics of each service, and the consumer groups."""
    names: Names = {}
    for name in ServiceName:
        outline = outline_of(name)
        names[f"{name.value} reads"] = sorted(outline.listens_to)
        names[f"{name.value} publishes"] = sorted((*outline.publishes, topic_of(name.value)))
    return names | {"consumer groups, behind the prefix": sorted(Cluster("").topic(name.value) for name in ServiceName)}


def sources() -> Names:
    """The sources of our events, and the types of events without a class."""
    written = set(strings(*_CODE))
    known = {*CATALOG, *(fact.type for fact in _own(Fact))}
    tables = tuple(f"{table}." for metadata in METADATA.values() for table in metadata.tables)
    typed = {one for one in written - known if _TYPE.fullmatch(one) and not f"{one}.".startswith(tables)}
    return {
        "sources": sorted(one for one in written if _SOURCE.fullmatch(one)),
        "types without a class": sorted(typed),
    }


def ids() -> Names:
    """The parts that each id is derived from, in order: a dot for a computed part, a star for any number of parts."""
    made = [
        (call, ", ".join("*" if isinstance(one, ast.Starred) else text(call.module, one) for one in call.arguments))
        for call in calls_of(derived.__name__, *_CODE)
    ]
    parts = [
        texts(call.module, one)
        for call in calls_of(fact_id.__name__, "services/escalation/")
        for one in call.arguments[1:]
    ]
    return by_service(made) | {"parts of one event": sorted(set().union(*parts) - {COMPUTED})}


def made_ids() -> Names:
    """Ids and keys made from examples: equal causes must give the same ids as in existing installations."""
    at = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
    reported = envelope(example(ResponsePromised), id="e-1", source="/desk", subject="c-17", time=at)
    raw = RawMessage("orders.inbound.v1", b"c-17", (("ce_id", b"e-1"),), b"{}")
    return {
        "derived: alert, e-1, 2": str(derived("alert", "e-1", 2)),
        "timer: escalation.timer.episode_due of c-17": str(timer_id(example(EpisodeDue), "c-17")),
        "dead letter over HTTP": str(Rejection("code", "reason", raw).id),
        "fact of the event e-1 of /desk": str(fact_id(reported)),
        "judging c-17 by rules 7": event_id("c-17", 7),
        "lock of account c-17": reported.lock_key,
        "wait for order 4711": awaited_order(OrderId("4711")),
        "wait for case CS-1 of c-17": CaseKey(AccountId("c-17"), CaseId("CS-1")).awaited,
    }


def discriminators() -> Names:
    """By event: the member of our rows whose value tells apart the events of one type with one cause."""
    found: dict[str, set[str]] = defaultdict(set)
    for call in calls_of(Transaction.publish.__name__, "services/"):
        discriminator = call.keyword("discriminator")
        if discriminator is None or call.module.name == apply.__name__:
            continue
        for fact in _facts(call, call.arguments[0]):
            found[fact] |= set(_members(call, discriminator))
    for decision in DECISIONS:
        for published, member in product(_returned(decision, "publishes"), _returned(decision, "discriminator")):
            for fact in _facts(*published):
                found[fact] |= set(_members(*member))
    if not found:
        raise LookupError("nothing passes a discriminator: tests/contracts/pins must read the parameter's new name")
    return {fact: sorted(members) for fact, members in sorted(found.items())}


def _returned(decision: type[Decision], method: str) -> list[tuple[Call, ast.expr]]:
    """The return value of a decision's method, if it differs from the common one."""
    owner = next(one for one in decision.__mro__ if method in one.__dict__)
    if owner is Decision:
        return []
    (module,) = [one for one in code("services/escalation/") if one.name == owner.__module__]
    (kind,) = [one for one in module.nodes() if isinstance(one, ast.ClassDef) and one.name == owner.__name__]
    (function,) = [one for one in kind.body if isinstance(one, ast.FunctionDef) and one.name == method]
    values = [one.value for one in ast.walk(function) if isinstance(one, ast.Return) and one.value is not None]
    return [(Call(module, ast.Call(one, [], [])), one) for one in values]


def _facts(call: Call, node: ast.expr) -> Iterator[str]:
    """The types of the facts that an expression makes: of a class, or of a function's return value."""
    made: Any = at_import(call.module, node)
    if made is not None:
        fact: type[Fact] = made if isinstance(made, type) else get_type_hints(made)["return"]
        yield fact.type
    elif isinstance(node, ast.Call):
        yield from _facts(call, node.func)
    elif isinstance(node, ast.IfExp):
        yield from (*_facts(call, node.body), *_facts(call, node.orelse))
    elif isinstance(node, ast.Name):
        for there, one in origins(call.module, node):
            yield from _facts(replace(call, module=there), one)


def _members(call: Call, node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.Name):
        for there, one in origins(call.module, node):
            yield from _members(replace(call, module=there), one)


GROUPS = (
    Group(
        "own facts",
        "Timers wait and buttons are journaled under these types, and their ids hash this very JSON: each member, its "
        "place and its default.",
        own_facts,
    ),
    Group("topics", "Publishers send, and readers expect, these types on these topics.", topics),
    Group(
        "readers and writers",
        "Kafka keeps positions of these groups, rights for these names and records on these topics.",
        readers_and_writers,
    ),
    Group(
        "sources of events",
        "An event counts once by its source and id: from another source, a repeated event counts again.",
        sources,
    ),
    Group(
        "what ids are derived from",
        "Rows have these ids: from other words, the same cause makes a second signal, alert or e-mail.",
        ids,
    ),
    Group("ids and keys", "Rows, timers and locks of installations have ids and keys made like these.", made_ids),
    Group(
        "discriminators",
        "Ids of published events are derived from these values: from others, readers count an event twice.",
        discriminators,
    ),
)
