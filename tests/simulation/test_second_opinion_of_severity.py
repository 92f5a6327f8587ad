"""The checker of runs with faults has its own implementation of severity; for any signals both find the same."""

from collections import Counter
from typing import Any, cast
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as some

from services.escalation.domain import severity as service
from services.escalation.domain.entities import Order
from services.escalation.domain.entities import Signal as ServicesSignal
from services.escalation.domain.policy.document import read
from shared.contracts.escalation import SignalKind
from tests.builders import AT
from tests.faults.checker.rescuing import Desk, Signal
from tests.faults.policy import terms_in_seconds, thresholds
from tests.unit.policy_texts import tomlified

_REFUND = SignalKind.REFUND_REQUESTED
_POLICY = read(tomlified(thresholds()))
_DESK = Desk(terms_in_seconds(), cast(Any, None), {}, Counter())
_KINDS = some.sampled_from([*SignalKind, _REFUND, _REFUND])
_SIGNALS = some.tuples(
    _KINDS,
    some.sampled_from([None, 499, 1_000, 600_000, 2_000_000]),
    some.sampled_from([None, "EUR", "USD"]),
    some.sampled_from(["dissatisfaction", "chargeback"]),
)


@given(some.lists(_SIGNALS, min_size=1, max_size=6), some.sampled_from([5_000, 999_999, 2_000_000]))
def test_checker_and_service_find_the_same_severity(drawn: list[Any], amount: int) -> None:
    order = Order("4711", "c-17", "anna", AT, amount, "EUR", "Heat pump", AT)
    ours, theirs = [], []
    for number, (kind, requested, currency, refund_kind) in enumerate(drawn):
        id, is_refund = UUID(int=number), kind is _REFUND
        columns = {"amount_minor": requested, "currency": currency, "refund_kind": refund_kind} if is_refund else {}
        ours.append(ServicesSignal(id, "c-17", kind, AT, AT, id, **columns))
        data = {"amount_minor": requested, "currency": currency, "kind": refund_kind} if is_refund else {}
        theirs.append(Signal(id, "c-17", kind.value, AT, id, None, None, awaits=False, data=data))
    assert service.assess_severity(ours, order, _POLICY).severity.value == _DESK.severity(theirs, amount, "EUR")
