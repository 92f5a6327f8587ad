"""How grave an episode is: its gravest signal, and what makes it worse."""

from dataclasses import replace
from itertools import combinations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.escalation.domain.entities import Order, Signal
from services.escalation.domain.policy.document import shipped
from services.escalation.domain.severity import graveness
from shared.contracts.escalation import Severity, SignalKind
from tests.builders import AT, minutes

POLICY = shipped()
SMALL = Order("4711", "c-17", "anna", AT, 10_000, "EUR", "Coffee machine", AT)
LARGE = replace(SMALL, amount_minor=1_000_000)


def signals(*kinds: SignalKind) -> list[Signal]:
    return [Signal(UUID(int=n), "c-17", kind, minutes(n), minutes(n), UUID(int=n)) for n, kind in enumerate(kinds)]


@pytest.mark.parametrize(
    ("kinds", "order", "expected"),
    [
        pytest.param([SignalKind.CASE_STUCK], SMALL, Severity.WATCH, id="its own"),
        pytest.param([SignalKind.CASE_STUCK, SignalKind.REFUND_REQUESTED], SMALL, Severity.HIGH, id="the gravest"),
        pytest.param([SignalKind.CASE_STUCK], LARGE, Severity.HIGH, id="a large amount"),
        pytest.param(
            [SignalKind.CASE_STUCK], replace(LARGE, currency="JPY"), Severity.WATCH, id="a currency without a limit"
        ),
        pytest.param(
            [SignalKind.CONTACT_DEAD_ENDED, SignalKind.REFUND_REQUESTED],
            SMALL,
            Severity.CRITICAL,
            id="asked for after a dead end",
        ),
        pytest.param(
            [SignalKind.CASE_STUCK, SignalKind.CASE_REOPENED, SignalKind.CASE_BOUNCED],
            SMALL,
            Severity.HIGH,
            id="three at once",
        ),
        pytest.param([SignalKind.CASE_STUCK] * 3, SMALL, Severity.WATCH, id="three times the same trouble"),
        pytest.param(
            [SignalKind.ORDER_CANCELLED, SignalKind.REFUND_PAID, SignalKind.RESPONSE_DUE, SignalKind.CASE_STUCK],
            SMALL,
            Severity.WATCH,
            id="what is no trouble of its own",
        ),
        pytest.param(
            [SignalKind.CONTACT_DEAD_ENDED, SignalKind.REFUND_REQUESTED, SignalKind.REFUND_REQUESTED],
            LARGE,
            Severity.CRITICAL,
            id="never past critical",
        ),
    ],
)
def test_the_severity_is(kinds: list[SignalKind], order: Order, expected: Severity) -> None:
    assert graveness(signals(*kinds), order, POLICY).severity is expected


def test_every_rise_names_its_cause_and_its_line_of_the_policy() -> None:
    grave = graveness(signals(SignalKind.CONTACT_DEAD_ENDED, SignalKind.REFUND_REQUESTED), LARGE, POLICY)
    assert grave.why == "refund requested, a large amount, asked for after a bad contact"
    assert grave.policy_path == (
        "signals.refund_requested.severity, rises.large_amount.EUR, rises.request_after_bad_contact"
    )


@given(st.lists(st.sampled_from(list(SignalKind)), min_size=1, max_size=6), st.sampled_from([SMALL, LARGE]))
def test_a_further_signal_never_makes_it_less_grave(kinds: list[SignalKind], order: Order) -> None:
    whole = graveness(signals(*kinds), order, POLICY).severity.rank
    for fewer in combinations(signals(*kinds), max(1, len(kinds) - 1)):
        assert graveness(fewer, order, POLICY).severity.rank <= whole
