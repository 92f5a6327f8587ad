"""A customer's story on pages and in e-mails."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from services.escalation.domain.facts import FactKind, fact_id
from services.escalation.domain.happenings import (
    CustomerHistory,
    SaidRow,
    SignalRow,
    in_sale_words,
    no_ways,
    what_happened,
)
from services.escalation.domain.reader import Reader
from services.escalation.domain.stakes import Amount
from services.escalation.domain.words import Risk
from shared.contracts.escalation import SignalKind
from shared.contracts.order_parts import Promise
from shared.ids import SalespersonId
from tests.builders import AT, ORDER, event_of, order_placed, outcome_reported, promise_kept, refund_requested

READER = Reader(SalespersonId("anna"), ZoneInfo("Europe/Berlin"), AT + timedelta(days=5))
DUE = AT + timedelta(days=3)
SALE = event_of(
    order_placed(
        expected_outcome="Weigh 200 cups a day",
        promises=(Promise(id="visit", what="Calibration visit", due_at=DUE), Promise(what="Free filters", due_at=DUE)),
    )
)
REPORTED = event_of(outcome_reported(reached=False))
SAID = SaidRow(UUID(int=9), FactKind.PROMISE_SAID_KEPT, AT, None, "anna", "Anna Berg", "visit")


def test_promises_and_outcomes_are_named_as_at_the_sale() -> None:
    missed = [
        SignalRow(Risk(SignalKind.PROMISE_MISSED, DUE), fact_id(SALE, f"promise-{place}"), by_silence=True)
        for place in (0, 1)
    ]
    denied = SignalRow(Risk(SignalKind.OUTCOME_DENIED, REPORTED.time), fact_id(REPORTED))
    history = CustomerHistory(facts=[REPORTED, SALE], said=[SAID])
    signals = in_sale_words([*missed, denied], history, ORDER)
    titles = {one.title for one in what_happened(ORDER, signals, history, READER, no_ways)}
    assert titles == {
        "The promise “Calibration visit” was missed",
        "The promise “Free filters” was missed",
        f"The customer says that they did not get the result they wanted from order {ORDER}: “Weigh 200 cups a day”",
        f"The customer said that we kept our promise for order {ORDER}: “Calibration visit”",
        f"Order {ORDER} placed",
    }
    kept = event_of(promise_kept("visit"))
    (first, *_) = what_happened(ORDER, [], CustomerHistory(facts=[kept, SALE]), READER, no_ways)
    assert first.title == f"Promise for order {ORDER} kept: “Calibration visit”"


def test_without_the_words_of_the_sale_they_are_described_without_them() -> None:
    missed = SignalRow(Risk(SignalKind.PROMISE_MISSED, DUE), fact_id(SALE, "promise-0"), by_silence=True)
    history = CustomerHistory(facts=[event_of(order_placed("another"))], said=[SAID])
    signals = in_sale_words([missed], history, ORDER)
    titles = [one.title for one in what_happened(ORDER, signals, history, READER, no_ways)]
    assert titles == ["A promise was missed", f"The customer said that we kept our promise for order {ORDER}"]


def test_a_requested_amount_is_in_the_currency_of_the_order() -> None:
    asked = event_of(refund_requested(amount_minor=2_500_000))
    signal = SignalRow(Risk(SignalKind.REFUND_REQUESTED, AT, requested=Amount(2_500_000, "EUR")), fact_id(asked))
    history = CustomerHistory(facts=[asked], order_of_case={str(asked.data.case): ORDER})
    (first,) = what_happened(ORDER, [signal], history, READER, no_ways)
    assert first.title == "Refund of €25,000.00 requested"


def test_a_sale_that_is_reported_late_is_dated_when_it_was_sold() -> None:
    sold_at = AT - timedelta(days=30)
    reported_late = event_of(order_placed(sold_at=sold_at))
    asked = event_of(refund_requested(), at=AT - timedelta(days=2))
    reported = what_happened(ORDER, (), CustomerHistory(facts=[reported_late, asked]), READER, no_ways)
    assert [one.title for one in reported][-1] == f"Order {ORDER} placed"
    assert reported[-1].at == READER.moment(sold_at)
