"""Names in installations stay although their Python names may change: pinned.json lists them with the reasons."""

import ast
import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import make_dataclass, replace
from enum import StrEnum
from types import SimpleNamespace
from typing import ClassVar
from uuid import UUID

import pytest
from prometheus_client import Gauge
from pydantic_settings import BaseSettings
from sqlalchemy import Column, MetaData, Table, Text

from services.cli import waiting
from services.escalation.domain.decisions.notifying import Observed
from services.escalation.domain.decisions.registry import DECISIONS_BY_RULE
from services.escalation.domain.entities import DeadlineFor
from services.escalation.domain.policy.document import schema
from shared.contracts.catalog import CATALOG, TOPICS
from shared.contracts.escalation import RingCause, Step
from shared.contracts.fact import Fact
from shared.metrics import create_metrics
from tests.architecture.sources import ROOT, Module, modules
from tests.contracts.compatibility import read_baseline
from tests.contracts.pins import answered, kept, operated, reading, wire
from tests.contracts.pins.comparing import ELSEWHERE, FILE, GROUPS, added, broken, complaint, pinned, written
from tests.contracts.pins.group import Group
from tests.hostile.inbox_routes import routes_of

Plant = Callable[[pytest.MonkeyPatch], None]
BY_TITLE = {group.title: group for group in GROUPS}
each_group = pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.title)


@each_group
def test_no_pinned_name_is_gone_or_changed_and_each_name_is_pinned(group: Group) -> None:
    before, now = pinned()[group.title], group.read()
    changes, new = list(broken(before, now)), list(added(before, now))
    assert not changes, complaint(group, changes)
    assert not new, "if they are to stay from now on, run: python -m tests.contracts.pins"


def test_the_file_is_as_the_command_writes_it() -> None:
    assert FILE.read_text("utf-8") == written(pinned()), "run: python -m tests.contracts.pins"


def test_a_name_of_a_group_is_pinned_once() -> None:
    assert len(BY_TITLE) == len(GROUPS)
    assert all((ROOT / path).exists() for path in ELSEWHERE.values())
    parts = read_baseline()["urn:handoff:escalation.alert_raised:1"]["$defs"].values()
    for kind in (RingCause, Step):
        assert [str(one) for one in kind] in [part.get("enum") for part in parts]


@pytest.mark.parametrize("wire_type", pinned()["own facts"])
def test_an_installations_own_fact_is_read_and_written_unchanged(wire_type: str) -> None:
    (fact,) = (one for one in wire._own(Fact) if one.type == wire_type)
    stored = json.dumps(pinned()["own facts"][wire_type], separators=(",", ":"))
    assert fact.model_validate_json(stored).model_dump_json() == stored
    assert wire_type not in CATALOG


def test_every_command_that_prints_json_is_pinned() -> None:
    printing = {words for words, command in operated.commands() if any("--json" in one.opts for one in command.params)}
    assert printing == {title for title in pinned()["JSON of commands"] if title in dict(operated.commands())}


def in_code(path: str, before: str, after: str) -> Plant:
    """Another text in one module, as if it were read from the file."""

    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        (there,) = modules(path)
        assert before in there.text
        text = there.text.replace(before, after)
        changed = Module(path, text, ast.parse(text))
        product = tuple(changed if one.path == path else one for one in modules("services/", "shared/"))
        monkeypatch.setattr(reading, "modules", lambda *_: product)

    return plant


class _MatterDue(Fact):
    type: ClassVar[str] = "escalation.timer.episode_due"
    topic: ClassVar[str] = ""
    matter: UUID


def _renamed_member(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "_own", lambda _: [_MatterDue])


def _renamed_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    renamed = {topic.replace("cases", "tickets"): facts for topic, facts in TOPICS.items()}
    monkeypatch.setattr(wire, "TOPICS", renamed)


def _renamed_column(monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = MetaData(schema="escalation")
    Table("account_versions", metadata, Column("customer_id", Text))
    monkeypatch.setattr(kept, "METADATA", {"escalation": metadata})


def _renamed_value(monkeypatch: pytest.MonkeyPatch) -> None:
    renamed = {one.name: "respond" if one.value == "answer" else one.value for one in DeadlineFor}
    monkeypatch.setattr(kept, "DeadlineFor", StrEnum("DeadlineFor", renamed))


def _renamed_label(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = create_metrics("orders")
    lag = Gauge("handoff_consumer_lag_records", "Records.", ("topic", "part"), registry=None)
    consumer = replace(measured.consumer, lag=lag)
    monkeypatch.setattr(operated, "create_metrics", lambda _: replace(measured, consumer=consumer))


def _renamed_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        kept,
        "DECISIONS_BY_RULE",
        {"in_line" if rule == "queued" else rule: one for rule, one in DECISIONS_BY_RULE.items()},
    )


def _renamed_policy_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Observed, "policy_lines", ("groups",))


class _RenamedSettings(BaseSettings):
    service_desk: str = "desk"


def _renamed_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operated, "runnable", lambda _: SimpleNamespace(settings=_RenamedSettings))


def _renamed_line(monkeypatch: pytest.MonkeyPatch) -> None:
    document = deepcopy(schema())
    document["properties"]["follow_ups"] = document["properties"].pop("duties")
    monkeypatch.setattr(operated, "schema", lambda: document)


def _renamed_json(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = [(name.replace("awaits", "needs"), str) for name in waiting.Waiting.__slots__]
    monkeypatch.setattr(waiting, "Waiting", make_dataclass("Waiting", fields))


def _renamed_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answered, "routes_of", lambda app: [one.replace("episodes", "on") for one in routes_of(app)])


_DOMAIN = "services/escalation/domain"


@pytest.mark.parametrize(
    ("title", "plant", "gone"),
    [
        ("own facts", _renamed_member, "escalation.timer.episode_due: was {"),
        ("topics", _renamed_topic, "support.cases.v1 is gone"),
        (
            "sources of events",
            in_code("services/escalation/app.py", "/inbox", "/desk"),
            "handoff/escalation/inbox is gone",
        ),
        (
            "sources of events",
            in_code(f"{_DOMAIN}/draft.py", "signal_matched", "risk_found"),
            "escalation.signal_matched",
        ),
        (
            "what ids are derived from",
            in_code(f"{_DOMAIN}/deciding/alerts.py", '"alert"', '"page"'),
            "alert, ·, · is gone",
        ),
        ("what ids are derived from", in_code(f"{_DOMAIN}/facts.py", '"no answer"', '"closed"'), "no answer is gone"),
        (
            "discriminators",
            in_code(f"{_DOMAIN}/decisions/notifying.py", "return self.alert.alert_id", "return self.alert.ring"),
            "alert_id is gone",
        ),
        ("tables and columns", _renamed_column, "escalation.account_versions: account_id is gone"),
        ("values in columns", _renamed_value, "escalation.episodes.deadline_for: answer is gone"),
        ("rules", _renamed_rule, "queued is gone"),
        ("policy paths", _renamed_policy_path, "teams is gone"),
        (
            "codes of refusals",
            in_code(f"{_DOMAIN}/deciding/buttons.py", '"episode_not_open"', '"over"'),
            "episode_not_open",
        ),
        (
            "locks and channels",
            in_code("services/orders/store.py", "d(order_id, 0)", "d(order_id, 1)"),
            "advisory locks",
        ),
        ("settings", _renamed_variable, "escalation: DESK is gone"),
        ("lines of the policy", _renamed_line, "duties is gone"),
        ("metrics", _renamed_label, "handoff_consumer_lag_records: partition is gone"),
        ("spans", in_code("shared/messaging/sending.py", 'f"send ', 'f"publish '), "send {} is gone"),
        ("JSON of commands", _renamed_json, "waiting: waiting[].awaits is gone"),
        ("addresses", _renamed_address, "GET /episodes/{episode_id} is gone"),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_a_rename_that_leaks_is_noticed(title: str, plant: Plant, gone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    changes = list(broken(pinned()[title], BY_TITLE[title].read()))
    assert any(gone in change for change in changes)
    reported = complaint(BY_TITLE[title], changes)
    assert BY_TITLE[title].why in reported
    assert "python -m tests.contracts.pins --contracted" in reported


@pytest.mark.parametrize(
    ("title", "plant"),
    [
        ("discriminators", in_code(f"{_DOMAIN}/decisions/signals.py", "_members", "_parts")),
        ("what ids are derived from", in_code(f"{_DOMAIN}/deciding/alerts.py", "episode.rings", "matter.times")),
        ("policy paths", in_code(f"{_DOMAIN}/decisions/decision.py", "episode.severity", "matter.gravity")),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_a_rename_within_python_is_ignored(title: str, plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    before = BY_TITLE[title].read()
    plant(monkeypatch)
    assert BY_TITLE[title].read() == before
