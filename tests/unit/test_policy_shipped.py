"""The default policy's document is explained and complete, and its values are the defaults in code."""

import re
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jsonschema_rs
import pytest

from services.escalation.domain.policy.document import read, schema, shipped
from services.escalation.domain.policy.model import CLEARED, Play
from services.escalation.domain.policy.values import Section
from shared.contracts.escalation import EpisodeResult, Severity, SignalKind, Step
from tests.unit.policy_texts import TEXT

_AN_EXAMPLE = re.compile(r"^# (?=country|region|days_off|modes|\[\[overrides|segment|set\.)", re.MULTILINE)


def test_every_member_of_the_default_document_is_explained_by_a_comment_above_it() -> None:
    text = TEXT.splitlines()
    members = [number for number, line in enumerate(text) if re.match(r"[a-z\[]", line) and line != "]"]
    assert [text[number] for number in members if not text[number - 1].startswith("# ")] == []
    assert len(members) > 100


def test_the_default_document_has_every_member_or_shows_it_as_an_example() -> None:
    read(_AN_EXAMPLE.sub("", TEXT))
    undocumented = [name for name in members_of(schema()) if not re.search(rf"\b{name}\b", TEXT)]
    assert undocumented == []


def members_of(described: dict[str, Any]) -> Iterator[str]:
    for part in (described, *described["$defs"].values()):
        yield from part.get("properties", {})


def test_the_default_document_fits_its_own_schema() -> None:
    validator = jsonschema_rs.validator_for(schema())
    document = tomllib.loads(TEXT)
    validator.validate(document)
    document["ladder"]["high"]["seller"] = "1x"
    assert not validator.is_valid(document)


def test_the_default_policy_suits_forty_sellers() -> None:
    policy = shipped()
    assert policy.age.ring_within == timedelta(days=3)
    assert policy.company.country is None
    assert [policy.ladder.of(severity).of(Step.SELLER) for severity in Severity] == [
        timedelta(hours=8),
        timedelta(hours=1),
        timedelta(minutes=15),
    ]
    assert {CLEARED} < {reason.code for reason in policy.reasons[EpisodeResult.CAUSE_GONE]}


@pytest.mark.parametrize("kind", [kind for kind in SignalKind if kind is not SignalKind.RESPONSE_DUE])
def test_every_kind_of_signal_except_a_warning_has_a_play(kind: SignalKind) -> None:
    """Except for the warning: before an answer is due the customer waits for the answer, and for no call."""
    missing = f"default.toml needs [plays.by_signal.{kind.value}]: what does somebody say who calls because of it?"
    assert kind in shipped().plays.by_signal, missing


def test_a_warning_has_no_play() -> None:
    assert SignalKind.RESPONSE_DUE not in shipped().plays.by_signal


def test_every_default_in_code_is_the_shipped_value() -> None:
    """Except for a company's hours: without any, it answers day and night. And except for the play of a late delivery
    without a day: a company without one uses its own general play."""
    differing = {path for path, default, value in _with_defaults(shipped(), "") if default != value}
    assert differing == {"company.working_hours", "plays.late_without_day"}


def _with_defaults(section: Section, path: str) -> Iterator[tuple[str, Any, Any]]:
    for name, field in type(section).model_fields.items():
        value, here = getattr(section, name), f"{path}{name}"
        if not field.is_required():
            yield here, field.get_default(call_default_factory=True), value
        if isinstance(value, Section) and not isinstance(value, Play):  # each play has words of its own
            yield from _with_defaults(value, f"{here}.")
