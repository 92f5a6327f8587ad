"""Events as they were once sent, kept permanently: each of them must always be readable."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.catalog import FACTS
from shared.contracts.envelope import decode_binary, decode_structured, encode_binary
from shared.contracts.fact import Fact
from tests.unit.events import CANARY
from tests.unit.test_hostile_events import judge, values

SAMPLES = Path(__file__).parent / "samples"
STORED = [
    pytest.param(sample, id=f"{path.stem}-{number}")
    for path in sorted(SAMPLES.iterdir())
    for number, sample in enumerate(json.loads(path.read_text("utf-8")))
]
each_sample = pytest.mark.parametrize("sample", STORED)


def _body(sample: dict[str, Any]) -> bytes:
    return json.dumps(sample["data"]).encode()


def test_every_event_of_the_catalog_has_samples() -> None:
    assert {f"{fact.type}.v{fact.version}.json" for fact in FACTS} <= {path.name for path in SAMPLES.iterdir()}


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.type)
def test_the_samples_of_an_event_show_each_of_its_members(fact: type[Fact]) -> None:
    samples = json.loads((SAMPLES / f"{fact.type}.v{fact.version}.json").read_text("utf-8"))
    shown = {member for sample in samples for member in sample["data"]}
    assert shown == {field.alias or name for name, field in fact.model_fields.items()}


@each_sample
def test_a_stored_event_is_read_on_its_topic(sample: dict[str, Any]) -> None:
    topic = next(fact.topic for fact in FACTS if fact.type == sample["attributes"]["type"])
    decoded = decode_binary(sample["attributes"], _body(sample), topic=topic)
    reported = decoded.envelope.data.model_dump_json(by_alias=True, exclude_unset=True)
    assert json.loads(reported) == sample["data"]
    assert decoded.envelope.subject == sample["attributes"]["subject"]


@each_sample
def test_reading_and_writing_again_gives_the_same_bytes(sample: dict[str, Any]) -> None:
    once = encode_binary(decode_binary(sample["attributes"], _body(sample), topic=None).envelope)
    assert encode_binary(decode_binary(*once, topic=None).envelope) == once
    assert once[0] == sample["attributes"]


@each_sample
def test_structured_and_binary_mode_carry_the_same_event(sample: dict[str, Any]) -> None:
    binary = decode_binary(sample["attributes"], _body(sample), topic=None)
    whole = json.dumps(sample["attributes"] | {"data": sample["data"]}, indent=1).encode()
    structured = decode_structured(whole, topic=None)
    assert structured.envelope == binary.envelope
    assert structured.digest == binary.digest


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every container of a sample, with a member or entry of it."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [place for key in keys for place in ((value, key), *_places(value[key]))]


@settings(max_examples=300)
@given(data=st.data())
def test_a_stored_event_with_any_value_in_one_place_is_read_or_refused_without_being_repeated(
    data: st.DataObject,
) -> None:
    sample = deepcopy(data.draw(st.sampled_from([parameter.values[0] for parameter in STORED])))
    assert isinstance(sample, dict)
    places = _places(sample["data"]) or [(sample["data"], "unheard_of")]
    container, key = data.draw(st.sampled_from(places))
    container[key] = data.draw(values)
    assert CANARY not in judge(decode_binary, sample["attributes"], _body(sample)).reasons
