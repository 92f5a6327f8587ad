"""A person with a device is notified there first; the e-mail waits for a response, and is sent if none comes."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.escalation.domain.channels import CHANNELS, SENDING
from services.escalation.domain.deciding.alerts import deliveries_of
from services.escalation.domain.decisions.notifying import Times
from services.escalation.domain.deliveries import AWAITS_RESPONSE, released
from services.escalation.domain.entities import Alert, Delivery, Salesperson
from services.escalation.domain.policy.channels import Channels, EmailAfterPush
from shared.contracts.escalation import Severity
from tests.builders import AT, minutes

ID = UUID(int=1)
ANNA = Salesperson("anna", AT, "Anna", None, "anna@sales.example", None, None, "UTC", "[]", True, None, None)
ON_A_DEVICE = replace(ANNA, has_device=True)
ALERT = Alert(ID, "c-17", ID, ID, "anna", "seller", "You sold it.", AT)
NOW = ("pending", AT)


def made(
    person: Salesperson | None, severity: Severity = Severity.HIGH, **times: datetime | None
) -> dict[str, Delivery]:
    at = {"notified_at": AT, "answer_by": minutes(60), **times}
    alert = replace(ALERT, severity=severity)
    deliveries = deliveries_of(alert, person, Times(**at, policy_path="ladder"), Channels())  # type: ignore[arg-type]
    return {one.channel: one for one in deliveries}


def test_without_a_device_an_alert_is_shown_and_mailed_at_once() -> None:
    assert {name: (one.state, one.try_at) for name, one in made(ANNA).items()} == {"inbox": ("sent", AT), "email": NOW}


@pytest.mark.parametrize("person", [None, replace(ANNA, email=None)])
def test_without_any_address_the_mail_is_skipped_and_nothing_else_is_made(person: Salesperson | None) -> None:
    assert {name: one.state for name, one in made(person).items()} == {"inbox": "sent", "email": "skipped"}


def test_a_device_is_notified_even_where_no_mail_can_be_sent() -> None:
    states = {name: one.state for name, one in made(replace(ON_A_DEVICE, email=None)).items()}
    assert states == {"inbox": "sent", "push": "pending", "email": "skipped"}


LATER = {"notified_at": minutes(30)}


@pytest.mark.parametrize(
    ("severity", "times", "push", "email"),
    [
        pytest.param(Severity.WATCH, {}, NOW, ("held", minutes(10)), id="ten minutes"),
        pytest.param(Severity.HIGH, {}, NOW, ("held", minutes(5)), id="five minutes"),
        pytest.param(Severity.CRITICAL, {}, NOW, NOW, id="both at once"),
        pytest.param(
            Severity.HIGH, LATER, ("held", minutes(30)), ("held", minutes(35)), id="from the time of the notification"
        ),
        pytest.param(
            Severity.CRITICAL, LATER, ("held", minutes(30)), ("held", minutes(30)), id="both, once they are at work"
        ),
        pytest.param(Severity.HIGH, {"answer_by": minutes(6)}, NOW, ("held", minutes(5)), id="the time is just enough"),
        pytest.param(Severity.HIGH, {"answer_by": minutes(5)}, NOW, NOW, id="a response is due by then"),
        pytest.param(Severity.HIGH, {"answer_by": None}, NOW, NOW, id="no response is due"),
    ],
)
def test_the_mail_waits_for_a_response_to_the_notification(
    severity: Severity, times: dict[str, datetime | None], push: tuple[str, datetime], email: tuple[str, datetime]
) -> None:
    found = made(ON_A_DEVICE, severity, **times)
    assert [(one.state, one.try_at) for one in (found["push"], found["email"])] == [push, email]


def test_a_mail_that_waits_says_for_what() -> None:
    found = made(ON_A_DEVICE)
    assert (found["push"].reason, found["email"].reason) == (None, AWAITS_RESPONSE)


def test_the_policy_says_how_long_mail_waits() -> None:
    own = Channels(email_after_push=EmailAfterPush(high=timedelta(minutes=2)))
    deliveries = deliveries_of(ALERT, ON_A_DEVICE, Times(AT, minutes(60), "ladder"), own)
    assert [one.try_at for one in deliveries if one.channel == "email"] == [minutes(2)]


EMAIL = Delivery(UUID(int=2), ID, "anna", "email", "held", minutes(5), AT, reason=AWAITS_RESPONSE)
FAILED = Delivery(UUID(int=3), ID, "anna", "push", "failed", AT, AT, attempts=1)


def test_mail_goes_at_once_when_the_notification_did_not_arrive() -> None:
    gone = released(EMAIL, FAILED, minutes(1))
    assert gone is not None
    assert (gone.state, gone.try_at, gone.reason) == (
        "pending",
        minutes(1),
        "the notification on a device did not arrive",
    )


@pytest.mark.parametrize(
    ("delivery", "ended"),
    [
        pytest.param(EMAIL, replace(FAILED, state="pending"), id="the notification is put off"),
        pytest.param(EMAIL, replace(FAILED, state="unknown"), id="it may have arrived"),
        pytest.param(EMAIL, replace(FAILED, state="sent"), id="it arrived"),
        pytest.param(EMAIL, replace(FAILED, alert_id=UUID(int=9)), id="another alert"),
        pytest.param(EMAIL, replace(FAILED, channel="email"), id="a mail failed"),
        pytest.param(replace(EMAIL, list_id=ID), FAILED, id="it waits for its list"),
        pytest.param(replace(EMAIL, state="cancelled"), FAILED, id="cancelled"),
        pytest.param(replace(EMAIL, state="sending"), FAILED, id="its time has come"),
        pytest.param(replace(FAILED, state="held"), FAILED, id="a notification"),
    ],
)
def test_mail_keeps_its_time(delivery: Delivery, ended: Delivery) -> None:
    assert released(delivery, ended, minutes(1)) is None


def test_channels_that_send_call_their_messages() -> None:
    assert [name for name in SENDING if not (CHANNELS[name].message and CHANNELS[name].messages)] == []
