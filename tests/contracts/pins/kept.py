"""The names in databases: tables, our words in columns, and the names in locks and notifications."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from sqlalchemy import CheckConstraint, MetaData, Table

from services.escalation.domain.deciding.receipts import NOT_NEEDED
from services.escalation.domain.decisions.registry import DECISIONS, DECISIONS_BY_RULE
from services.escalation.domain.delivery_facts import Attempt
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import DeadlineFor
from services.escalation.domain.facts import FactKind
from services.escalation.domain.ladder_step import LadderStep
from services.escalation.domain.policy.document import shipped
from services.escalation.domain.policy.model import CLEARED, SEEN, Policy, TeamMode
from services.escalation.domain.rescues import NotNow
from services.escalation.domain.unit_of_work import UnitOfWork
from services.escalation.domain.words.signals import RULES_CHANGED
from services.escalation.domain.written import NoteAbout
from services.escalation.tables import EscalationTable
from services.orders.tables import OrdersTable
from services.support.tables import SupportTable
from shared.contracts.rejected import Refusal
from shared.effects import Transaction
from shared.http.answers import Problem, refuse
from shared.inputs import Decided, Rejection
from shared.messaging import relay
from shared.migrations import upgrading
from shared.publishing_again import OUTBOX_CHANNEL
from shared.tables import SharedTable
from shared.waiting import WaitingRoom
from tests.contracts.pins.group import Group, Names, by_service
from tests.contracts.pins.reading import COMPUTED, Call, at_import, called, calls_of, returned, strings, texts

METADATA: Mapping[str, MetaData] = {
    "shared": SharedTable.metadata,
    "orders": OrdersTable.metadata,
    "support": SupportTable.metadata,
    "escalation": EscalationTable.metadata,
}
_DOMAIN = "services/escalation/domain/"
_REFUSING = {
    *(one.__name__ for one in (Draft.reject, Transaction.reject, WaitingRoom.refuse, Decided.refuse)),
    *(one.__name__ for one in (refuse, NotNow, Problem, Rejection)),
}
_CODE = re.compile(r"[a-z]+(_[a-z]+)*")
_PATH = re.compile(rf"(?:(?:{'|'.join(Policy.model_fields)})(?:\.[a-z_]+|\.{{}})+(?:, )?)+")
_ONE_OF = re.compile(r"(\w+) in \(((?:'\w+'(?:, )?)+)\)")


def _tables() -> Iterator[tuple[str, Table]]:
    for metadata in METADATA.values():
        yield from sorted(metadata.tables.items())


def tables() -> Names:
    """The columns of each table."""
    return {name: [column.name for column in table.columns] for name, table in _tables()}


def constraints() -> Names:
    """The constraints and indexes of each table that have a name of our own."""
    named = {}
    for name, table in _tables():
        names = {one.name for one in table.constraints} | {one.name for one in table.indexes}
        named[name] = sorted(str(one) for one in names if one is not None)
    return {table: names for table, names in named.items() if names}


def values() -> Names:
    """Our words in columns, by column: those that a constraint lists, and those that the code knows."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, table in _tables():
        for one in (check for check in table.constraints if isinstance(check, CheckConstraint)):
            for column, listed in _ONE_OF.findall(str(one.sqltext)):
                found[f"{name}.{column}"] |= set(re.findall(r"'(\w+)'", listed))
    reasons = [one.code for each in shipped().reasons.values() for one in each]
    found["escalation.alerts.because"] |= _given(LadderStep.__name__, 2)
    cancelled_because = _given(UnitOfWork.cancel_deliveries.__name__, 1)
    found["escalation.deliveries.reason"] |= {*NOT_NEEDED, *cancelled_because} | _cancelling()
    found["escalation.episodes.deadline_for"] |= set(DeadlineFor)
    found["escalation.episodes.reason"] |= {CLEARED, SEEN, *reasons}
    found["escalation.facts.kind"] |= set(FactKind)
    found["escalation.notes.about"] |= set(NoteAbout)
    found["escalation.signals.ended_because"] |= {RULES_CHANGED}
    found["escalation.delivery.attempted, its result"] |= set(Attempt)
    found["the policy's teams.modes"] |= set(TeamMode)
    return {column: sorted(map(str, each)) for column, each in sorted(found.items())}


def _given(name: str, place: int) -> set[str]:
    """The arguments of calls of a function at this place."""
    given = [call for call in calls_of(name, _DOMAIN) if len(call.arguments) > place]
    return set().union(*(texts(call.module, call.arguments[place]) for call in given)) - {COMPUTED}


def _cancelling() -> set[str]:
    return {one.cancels for one in DECISIONS if one.cancels is not None}


def rules() -> Names:
    """The names that decisions are kept under."""
    return {"escalation.decisions.rule": sorted(DECISIONS_BY_RULE)}


def policy_paths() -> Names:
    """The paths in the policy that decisions name; {} stands for a severity, a step or the like."""
    named = {re.sub(r"\{\w+\}", "{}", line) for one in DECISIONS for line in one.policy_lines}
    written = {one for one in strings("services/escalation/") if _PATH.fullmatch(one)}
    return {"escalation.decisions.policy_path": sorted(written | named)}


def codes() -> Names:
    """The codes of refusals, over HTTP and in dead letters."""
    found = [
        (call, code)
        for name in _REFUSING
        for call in calls_of(name, "services/", "shared/")
        for code in _codes(call)
        if _CODE.fullmatch(code)
    ]
    return by_service(found) | {"events that cannot be read": sorted(map(str, Refusal))}


def _codes(call: Call) -> Iterator[str]:
    """Each argument that may be a code: reasons contain spaces, and names of the part at fault are left out."""
    named = [one.value for one in call.node.keywords if one.arg not in ("field", "at_fault")]
    for one in (*call.arguments, *named):
        match one:
            case ast.Starred(value=ast.Subscript(value=table)):  # a table of codes with their reasons
                pairs = at_import(call.module, table)
                yield from (str(code) for code, _ in pairs.values()) if isinstance(pairs, Mapping) else ()
            case ast.Starred(value=ast.Call() as chosen):  # a function that returns one with its reason
                for code in returned(call.module, str(called(chosen))):
                    yield from texts(call.module, code)
            case _:
                yield from texts(call.module, one)


def locks() -> Names:
    """The names in sessions' locks and notifications, and the names of sessions."""
    sql = {" ".join(one.split()) for one in strings("services/", "shared/") if "advisory" in one}
    return {
        "advisory locks in SQL": sorted(sql),
        "advisory lock of the relay": [str(relay._LEADER_LOCK)],
        "advisory lock of migrations": [str(upgrading._MIGRATION_LOCK)],
        "channels of NOTIFY": [OUTBOX_CHANNEL],
        "application_name of a process": [upgrading._PROCESS.pattern],
    }


GROUPS = (
    Group(
        "tables and columns",
        "Databases have them, and processes of the release before use them during an upgrade.",
        tables,
    ),
    Group("constraints and indexes", "Databases have them, and migrations name them.", constraints),
    Group("values in columns", "Rows of installations hold them.", values),
    Group("rules", "Decisions of the past are explained by them; pages and the timeline select rows by them.", rules),
    Group(
        "policy paths",
        "Decisions of the past hold them, and are explained by the line of the policy at that path.",
        policy_paths,
    ),
    Group(
        "codes of refusals",
        "Dead letters hold them, programs of publishers compare them, and metrics are labelled with them.",
        codes,
    ),
    Group(
        "locks and channels",
        "During an upgrade, processes of the release before take the same locks and wait for the same notifications.",
        locks,
    ),
)
