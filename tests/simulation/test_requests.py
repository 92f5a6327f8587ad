"""The details of a request stay with its signal, and an episode for information requires no action."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from services.escalation.domain.own_facts import AcknowledgePressed
from services.escalation.domain.policy.model import TeamMode
from shared.contracts import orders, support
from shared.contracts.envelope import Fact
from shared.contracts.support_inbound import ContactChannel, ContactResult, Direction, RefundKind
from shared.transaction import Refused
from tests.simulation import happenings
from tests.simulation.deciding import Deciding
from tests.simulation.happenings import START, Report
from tests.simulation.tables import ALERTS, EPISODES, POLICIES, SIGNALS, Row

_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_TALK = support.ContactMade(direction=Direction.OUTBOUND, channel=ContactChannel.PHONE, result=ContactResult.ANSWERED)


@pytest.fixture
def service() -> Deciding:
    """A small order without a seller, and the desk."""
    service = Deciding()
    _desk(service, active=True)
    service.receive(happenings.directory_change(Random(1), START))
    sale = happenings.sale(Random(1), "north", "n-1", sold_by=None)
    plain = {"promises": (), "delivery_due_at": None, "amount_minor": 5_000}
    service.receive(replace(sale, fact=sale.fact.model_copy(update=plain)))
    return service


def _desk(service: Deciding, *, active: bool) -> None:
    desk = orders.SalespersonChanged(name="Desk", working_hours=happenings.ALWAYS, active=active)
    service.receive(Report(desk, "desk", service.now))


def _report(service: Deciding, fact: Fact, ago: timedelta = timedelta()) -> None:
    service.receive(Report(fact, "north", service.now - ago))


def _request(kind: RefundKind, amount_minor: int, words: str) -> Fact:
    return support.RefundRequested(kind=kind, amount_minor=amount_minor, currency="EUR", words=words)


def _all_standing(service: Deciding) -> list[Row]:
    return [row for row in service.database.tables[SIGNALS].values() if row["ended"] is None]


def _standing(service: Deciding) -> Row:
    (standing,) = _all_standing(service)
    return standing


def _episode(service: Deciding) -> Row:
    (episode,) = service.database.tables[EPISODES].values()
    return episode


def _alerts(service: Deciding) -> list[Row]:
    return sorted(service.database.tables[ALERTS].values(), key=lambda row: row["ring"])


def _press_take(service: Deciding, by: str) -> None:
    service.try_to_press(AcknowledgePressed(episode=_episode(service)["episode_id"], by=by), "north")


def test_a_request_separated_by_a_late_withdrawal_has_its_own_details(service: Deciding) -> None:
    """The request was reported twice and counted once; a late withdrawal ended the first."""
    _report(service, _request(RefundKind.DISSATISFACTION, 2_000, "Money back."), 3 * _HOUR)
    _report(service, _request(RefundKind.DISSATISFACTION, 2_000, "Money back."), _HOUR)
    first = _standing(service)
    _report(service, support.RefundWithdrawn(), 2 * _HOUR)
    second = _standing(service)
    assert second["signal_id"] != first["signal_id"]
    assert [second[name] for name in ("amount_minor", "currency", "refund_kind")] == [2_000, "EUR", "dissatisfaction"]


def test_a_request_separated_by_a_late_talk_takes_its_details_along(service: Deciding) -> None:
    """The request was made again with an amount; a talk in between, reported late, makes that a request of its own."""
    _report(service, support.RefundRequested(kind=RefundKind.DISSATISFACTION), 3 * _HOUR)
    _report(service, _request(RefundKind.DISSATISFACTION, 2_000, "Money back."), _HOUR)
    assert _standing(service)["amount_minor"] == 2_000
    _report(service, _TALK, 2 * _HOUR)
    first, second = sorted(_all_standing(service), key=lambda row: row["at"])
    assert [first[name] for name in ("amount_minor", "currency", "reason_code")] == [None] * 3
    assert (second["amount_minor"], second["currency"]) == (2_000, "EUR")


def test_a_request_that_stands_again_because_of_a_late_talk_does_not_notify_again(service: Deciding) -> None:
    """An earlier request, reported late, made both one; a talk in between, reported even later, separates them."""
    _report(service, support.CancellationRequested(), _HOUR)
    second = _standing(service)["signal_id"]
    assert [alert["signal_id"] for alert in _alerts(service)] == [second]
    _report(service, support.CancellationRequested(), 3 * _HOUR)
    assert _standing(service)["signal_id"] != second
    _report(service, _TALK, 2 * _HOUR)
    assert second in [row["signal_id"] for row in _all_standing(service)]
    assert [alert["signal_id"] for alert in _alerts(service)] == [second]


def test_a_request_after_a_talk_notifies_although_an_earlier_one_stands(service: Deciding) -> None:
    _report(service, support.CancellationRequested(), 3 * _HOUR)
    _report(service, _TALK, 2 * _HOUR)
    _report(service, support.CancellationRequested(), _HOUR)
    assert len({alert["signal_id"] for alert in _alerts(service)}) == 2


def test_no_talk_is_due_once_an_acknowledged_episode_is_for_information(service: Deciding) -> None:
    """The team observes, so there was no alert. Once only the chargeback is left, the acknowledger owes no talk."""
    observing = happenings.policy(TeamMode.OBSERVE)
    service.database.tables[POLICIES][observing["version"],] = observing
    _report(service, support.RefundRequested(kind=RefundKind.CHARGEBACK))
    _report(service, support.SatisfactionRated(rating=1, scale=5))
    _press_take(service, "desk")
    assert _episode(service)["deadline_for"] == "redeem"
    _report(service, support.SatisfactionRated(rating=5, scale=5))
    episode = _episode(service)
    assert (episode["acknowledged_by"], episode["deadline_at"], episode["closed_at"]) == (None, None, None)
    service.wait(48 * _HOUR)
    assert _episode(service)["deadline_at"] is None


def test_a_person_who_left_cannot_acknowledge(service: Deciding) -> None:
    _report(service, support.CancellationRequested(words="We leave."))
    assert _episode(service)["responsible"] == "desk"
    service.wait(_MINUTE)
    _desk(service, active=False)
    service.wait(2 * _MINUTE)
    with pytest.raises(Refused) as refused:
        _press_take(service, "desk")
    assert [rejection.code for rejection in refused.value.rejected] == ["not_active"]
    assert _episode(service)["acknowledged_by"] is None
