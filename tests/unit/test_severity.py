"""An episode's severity: that of its most severe signal, and what raises it."""

from dataclasses import replace
from itertools import combinations
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.escalation.domain.entities import Order, Signal
from services.escalation.domain.policy.document import shipped
from services.escalation.domain.severity import assess_severity
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
    assert assess_severity(signals(*kinds), order, POLICY).severity is expected


def test_every_rise_names_its_cause_and_its_line_of_the_policy() -> None:
    assessed = assess_severity(signals(SignalKind.CONTACT_DEAD_ENDED, SignalKind.REFUND_REQUESTED), LARGE, POLICY)
    assert assessed.why == "refund requested, large amount, request after a bad contact"
    assert assessed.policy_path == (
        "signals.refund_requested.severity, rises.large_amount.EUR, rises.request_after_bad_contact"
    )


def refund(
    amount: int | None = None, currency: str | None = None, kind: str = "dissatisfaction", n: int = 20
) -> Signal:
    (asked,) = signals(SignalKind.REFUND_REQUESTED)
    return replace(asked, signal_id=UUID(int=n), amount_minor=amount, currency=currency, refund_kind=kind)


DEAD_END = replace(signals(SignalKind.CONTACT_DEAD_ENDED)[0], signal_id=UUID(int=9))
HUGE = replace(SMALL, amount_minor=2_000_000)


@pytest.mark.parametrize(
    ("standing", "order", "expected"),
    [
        pytest.param([refund(500)], HUGE, Severity.HIGH, id="5 euros of a large order"),
        pytest.param([refund(1_000_000)], HUGE, Severity.CRITICAL, id="a large part of it"),
        pytest.param([refund()], HUGE, Severity.CRITICAL, id="nothing told: the whole order"),
        pytest.param([refund(500), DEAD_END], HUGE, Severity.CRITICAL, id="5 euros beside a dead end on it"),
        pytest.param(
            [refund(600_000, n=1), refund(400_000, n=2)],
            HUGE,
            Severity.CRITICAL,
            id="two that add up to a large amount",
        ),
        pytest.param([refund(600_000, n=1), refund(399_999, n=2)], HUGE, Severity.HIGH, id="two that do not"),
        pytest.param(
            [refund(900_000, n=1), refund(900_000, n=2)],
            replace(SMALL, amount_minor=999_999),
            Severity.HIGH,
            id="at most the order's amount",
        ),
        pytest.param([refund(9_000_000)], SMALL, Severity.HIGH, id="more than the order"),
        pytest.param([refund(1_000_000, "USD")], SMALL, Severity.CRITICAL, id="large in the currency it is asked in"),
        pytest.param([refund(kind="chargeback")], HUGE, Severity.WATCH, id="for information"),
        pytest.param(
            [refund(kind="fraud"), *signals(SignalKind.CASE_STUCK)],
            SMALL,
            Severity.WATCH,
            id="beside a real one that counts",
        ),
        pytest.param(
            [refund(kind="fraud"), DEAD_END], SMALL, Severity.HIGH, id="no request after a bad contact: for information"
        ),
    ],
)
def test_the_amount_at_stake_makes_it(standing: list[Signal], order: Order, expected: Severity) -> None:
    assert assess_severity(standing, order, POLICY).severity is expected


@given(st.lists(st.sampled_from(list(SignalKind)), min_size=1, max_size=6), st.sampled_from([SMALL, LARGE]))
def test_another_signal_never_lowers_the_severity(kinds: list[SignalKind], order: Order) -> None:
    whole = assess_severity(signals(*kinds), order, POLICY).severity.rank
    for fewer in combinations(signals(*kinds), max(1, len(kinds) - 1)):
        assert assess_severity(fewer, order, POLICY).severity.rank <= whole
