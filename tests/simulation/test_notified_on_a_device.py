"""A customer wants the money back, and Anna has a device: she is notified there, then by e-mail if that is no use."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.escalation.domain.delivery_facts import Attempt, DeliveryAttempted
from services.escalation.domain.own_facts import AcknowledgePressed
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.contracts.orders import SalespersonChanged
from shared.contracts.support import RefundRequested
from shared.contracts.support_inbound import RefundKind
from shared.inputs import Batch, Input, InputKind
from tests.simulation.deciding import Deciding
from tests.simulation.happenings import ALWAYS
from tests.simulation.replaying import run
from tests.simulation.tables import ALERTS, COLUMNS, DELIVERIES, DEVICES
from tests.simulation.troubled import ACCOUNT, Troubled

_MINUTE = timedelta(minutes=1)


@pytest.fixture
def notified(monkeypatch: pytest.MonkeyPatch) -> Troubled:
    """The episode is of high severity."""
    own_init = Deciding.__post_init__

    def with_device(troubled: Deciding) -> None:
        own_init(troubled)
        device = {**COLUMNS[DEVICES], "device_id": UUID(int=1), "salesperson_id": "anna"}
        troubled.database.tables[DEVICES][(UUID(int=1),)] = device

    monkeypatch.setattr(Deciding, "__post_init__", with_device)
    return Troubled()


def test_the_mail_waits_five_minutes(notified: Troubled) -> None:
    push, email = notified.delivery("push"), notified.mail()
    assert (push["state"], email["state"], email["try_at"] - push["try_at"]) == ("pending", "held", 5 * _MINUTE)


def test_an_acknowledgement_on_the_device_cancels_the_mail(notified: Troubled) -> None:
    _attempt(notified, Attempt.ACCEPTED)
    notified.do(AcknowledgePressed(episode=notified.episode, by="anna"))
    assert (notified.delivery("push")["state"], notified.mail()["state"]) == ("sent", "cancelled")


def test_the_alert_counts_as_sent_when_the_device_was_notified(notified: Troubled) -> None:
    _attempt(notified, Attempt.ACCEPTED)
    assert ("escalation.alert_sent", "push") in [(type, said.get("channel")) for type, said in notified.published()]


def test_the_mail_goes_at_once_when_no_device_takes_the_notification(notified: Troubled) -> None:
    notified.database.now += _MINUTE
    _attempt(notified, Attempt.REFUSED)
    assert (notified.delivery("push")["state"], notified.mail()["state"]) == ("failed", "pending")
    assert notified.mail()["try_at"] <= notified.now


@pytest.mark.parametrize("result", [Attempt.PUT_OFF, Attempt.UNKNOWN, Attempt.ACCEPTED])
def test_the_mail_keeps_its_time_as_long_as_the_notification_may_arrive(notified: Troubled, result: Attempt) -> None:
    before = notified.mail()
    _attempt(notified, result)
    assert notified.mail() == before


def test_no_mail_goes_when_the_episode_was_acknowledged_before_the_notification_failed(notified: Troubled) -> None:
    notified.put(DELIVERIES, notified.delivery("push"), state="sending", attempts=1)
    notified.do(AcknowledgePressed(episode=notified.episode, by="anna"))
    notified.do(_attempted(notified, Attempt.REFUSED))
    assert notified.mail()["state"] == "cancelled"


def test_without_a_device_nothing_is_different() -> None:
    troubled = Troubled()
    channels = sorted(row["channel"] for row in troubled.database.tables[DELIVERIES].values())
    assert (channels, troubled.mail()["state"]) == (["email", "inbox"], "pending")


def test_when_the_address_changes_the_devices_are_signed_out(notified: Troubled) -> None:
    """So what the same batch reports of a customer is mailed at once."""
    moved = SalespersonChanged(name="Anna", email="other@sales.example", working_hours=ALWAYS, manager="mona")
    refund = RefundRequested(kind=RefundKind.DISSATISFACTION, amount_minor=3_000, currency="EUR", words="All of it!")
    run(notified.processor.apply(Batch([_input(moved, "anna", notified), _input(refund, ACCOUNT, notified)])))
    latest = max(notified.database.tables[ALERTS].values(), key=lambda row: int(row["ring"]))
    made = [row for row in notified.database.tables[DELIVERIES].values() if row["alert_id"] == latest["alert_id"]]
    states = {row["channel"]: row["state"] for row in made}
    assert (latest["recipient"], latest["ring"], states) == ("anna", 2, {"inbox": "sent", "email": "pending"})


def _input(fact: Fact, subject: str, troubled: Troubled) -> Input:
    event: Envelope[Fact] = envelope(
        fact, id=f"of {subject}", source="handoff/orders", subject=subject, time=troubled.now
    )
    return Input(event, fact.model_dump_json().encode(), b"", InputKind.RECORD)


def _attempt(troubled: Troubled, result: Attempt) -> None:
    troubled.put(DELIVERIES, troubled.delivery("push"), state="sending", attempts=1)
    troubled.do(_attempted(troubled, result))


def _attempted(troubled: Troubled, result: Attempt) -> DeliveryAttempted:
    return DeliveryAttempted(delivery=troubled.delivery("push")["delivery_id"], attempt=1, result=result)
