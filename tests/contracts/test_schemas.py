"""Schemas only grow: the committed ones match the classes, and break no user of older ones."""

from copy import deepcopy
from typing import Any

import pytest

from shared.contracts import orders, orders_inbound, schemas, support
from shared.contracts.catalog import FACTS
from shared.contracts.envelope import Envelope
from shared.contracts.fact import Fact
from tests.contracts.compatibility import breaks, is_published, read_baseline, rules

Schema = dict[str, Any]
each_fact = pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.type)


@each_fact
def test_the_committed_schema_is_that_of_the_class(fact: type[Fact]) -> None:
    committed = (schemas.DIRECTORY / schemas.file_name(fact)).read_text("utf-8")
    assert committed == schemas.text(fact), "run: python -m shared.contracts.schemas"


def test_no_schema_of_a_removed_class_is_left() -> None:
    assert {path.name for path in schemas.DIRECTORY.iterdir()} == {schemas.file_name(fact) for fact in FACTS}


@each_fact
def test_no_class_breaks_an_accepted_schema(fact: type[Fact]) -> None:
    accepted = read_baseline()[fact.dataschema()]
    assert breaks(accepted, rules(fact), published=is_published(fact.type)) == []


def test_the_baseline_has_the_present_form_of_every_class() -> None:
    current = {fact.dataschema(): rules(fact) for fact in FACTS}
    assert read_baseline() == current, "if it only grew, run: python -m tests.contracts.compatibility"


def _without(schema: Schema, member: str) -> None:
    del schema["properties"][member]
    schema["required"] = [name for name in schema["required"] if name != member]


def _required(schema: Schema, member: str) -> None:
    schema["properties"].setdefault(member, {"type": "string"})
    schema["required"].append(member)


CONTACT = schemas.schema(support.ContactMade)
SALE = schemas.schema(orders.OrderPlaced)


@pytest.mark.parametrize(
    ("before", "change"),
    [
        pytest.param(CONTACT, lambda new: _without(new, "result"), id="a required member is gone"),
        pytest.param(CONTACT, lambda new: _without(new, "words"), id="an optional member is gone"),
        pytest.param(CONTACT, lambda new: new["required"].remove("result"), id="a member may be missing now"),
        pytest.param(CONTACT, lambda new: _required(new, "words"), id="an optional member is required now"),
        pytest.param(CONTACT, lambda new: _required(new, "mood"), id="a new member is required"),
        pytest.param(
            CONTACT,
            lambda new: new["$defs"]["ContactChannel"]["enum"].remove("web"),
            id="an enum is narrower",
        ),
        pytest.param(CONTACT, lambda new: new["$defs"]["Person"]["properties"].pop("phone"), id="a part lost one"),
        pytest.param(SALE, lambda new: new["properties"]["lines"].update(maxItems=10), id="fewer lines"),
        pytest.param(SALE, lambda new: new["properties"]["amount_minor"].update(type="string"), id="another type"),
        pytest.param(SALE, lambda new: new["properties"]["currency"].update(pattern="^EUR$"), id="another pattern"),
        pytest.param(SALE, lambda new: new["properties"]["sold_at"].update(format="date"), id="another format"),
    ],
)
def test_a_break_is_noticed(before: Schema, change: Any) -> None:
    after = deepcopy(before)
    change(after)
    assert breaks(before, after, published=True)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda new: new["properties"].update(mood={"type": "string"}), id="an optional member"),
        pytest.param(lambda new: new["$defs"]["ContactChannel"]["enum"].append("fax"), id="a value of an enum"),
        pytest.param(lambda new: new.update(description="told better"), id="a description"),
    ],
)
def test_growing_is_no_break(change: Any) -> None:
    after = deepcopy(CONTACT)
    change(after)
    assert breaks(CONTACT, after, published=True) == []


def test_requiring_less_breaks_readers_of_published_events_only() -> None:
    after = deepcopy(CONTACT)
    after["required"].remove("channel")
    assert breaks(CONTACT, after, published=False) == []
    assert breaks(CONTACT, after, published=True)


@each_fact
def test_the_whole_event_has_a_schema_for_generated_pages(fact: type[Fact]) -> None:
    whole = Envelope[fact].model_json_schema()  # type: ignore[valid-type]
    assert set(whole["required"]) == {"id", "source", "type", "subject", "time", "data"}
    assert whole["properties"]["time"] == {"format": "date-time", "title": "Time", "type": "string"}


def test_published_facts_have_the_members_of_the_inbound_ones() -> None:
    inbound = schemas.schema(orders_inbound.OrderPlaced)
    assert inbound["properties"] == SALE["properties"]
