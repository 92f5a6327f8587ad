"""The examples of each kind of signal: facts with their hours, and when the signal stands.

A fact is written by its name (`rated`, `case_opened`), a contact as `inbound` or `outbound`. Then come its
members by name, or words and numbers that fit only one member: a contact's result and channel, how often or
how high, a promise's name.
"""

import pytest

from services.escalation.domain.detections.history import History
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.policy.document import shipped
from services.escalation.domain.signals import SIGNALS
from services.escalation.domain.signals.definition import SignalDefinition
from services.escalation.domain.signals.find import detections
from shared.contracts.support_inbound import ContactChannel, ContactResult, NoAnswerReason
from tests.unit.accounts import RoundTheClock, always, fact, times

FEWEST = 2
EXAMPLES = [
    pytest.param(signal, line.strip(), id=f"{signal.kind.value}: {line.partition(':')[0].strip()}")
    for signal in SIGNALS.values()
    for line in signal.examples.strip().splitlines()
]


@pytest.mark.parametrize(("signal", "example"), EXAMPLES)
def test_an_example_holds_with_the_shipped_thresholds(signal: SignalDefinition, example: str) -> None:
    facts, expected = read(example)
    assert stands(signal, facts) == expected


def stands(signal: SignalDefinition, facts: list[AccountFact]) -> str:
    """The spans in which the signals of one kind stand."""
    thresholds = always(shipped().signals, RoundTheClock())
    found = [times(one) for one in detections(History(facts), thresholds) if one.kind is signal.kind]
    return "; ".join(f"{at:g}" if until is None else f"{at:g} to {until:g}" for at, until in found) or "never"


def read(example: str) -> tuple[list[AccountFact], str]:
    reported, _, expected = example.partition(":")[2].partition(" -> ")
    return [_fact(number, *one.split()) for number, one in enumerate(reported.split(","), start=1)], expected


def _fact(number: int, at: str, name: str, *more: str) -> AccountFact:
    members: dict[str, object] = {"id": number}
    if name in ("inbound", "outbound"):
        members |= {"direction": name, "channel": "phone"}
    for one in more:
        key, is_named, value = one.partition("=")
        members |= {key: float(value) if key == "due" else value} if is_named else _member(one, name)
    return fact(FactKind("contact" if "direction" in members else name), float(at), **members)  # type: ignore[arg-type]


def _member(word: str, name: str) -> dict[str, object]:
    """The member that a word without a name belongs to."""
    if word == "courtesy":
        return {"courtesy": True}
    if word in {one.value for one in (*ContactResult, *NoAnswerReason)}:
        return {"result": word}
    if word in {one.value for one in ContactChannel}:
        return {"channel": word}
    if word.isdecimal():
        return {"amount_minor" if name == "refund_paid" else "number": int(word)}
    assert name.startswith(("promise", "customer_duty")), f"{word!r} is no word of {name}"
    return {"what": word}


@pytest.mark.parametrize("signal", SIGNALS.values(), ids=lambda signal: signal.kind.value)
def test_every_kind_shows_when_it_is_raised_when_not_and_how_it_ends(signal: SignalDefinition) -> None:
    ends = [line.partition(" -> ")[2] for line in signal.examples.strip().splitlines()]
    assert len(ends) >= FEWEST
    assert any(end != "never" for end in ends)
    if signal.settled_by.sentence != "Nothing.":
        assert any(" to " in end for end in ends), "no example shows the end of the signal"
        assert "never" in ends, "no example shows facts that are not enough"


def test_an_example_is_read_as_written() -> None:
    (first, second), expected = read("title: 1 inbound dead_end case=k, 2.5 rated 400 case=k -> 1 to 2")
    assert expected == "1 to 2"
    assert (first.kind, first.direction, first.channel, first.result) == ("contact", "inbound", "phone", "dead_end")
    assert (second.kind, second.number, second.case_id) == (FactKind.RATED, 400, "k")
    with pytest.raises(AssertionError, match="'angry' is no word of rated"):
        read("title: 1 rated angry -> 1")
    with pytest.raises(ValueError, match="rating"):
        read("title: 1 rating 400 -> 1")
