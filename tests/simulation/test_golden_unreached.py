"""Decisions that no golden history reaches: the exact decisions, with their words and policy lines, and events."""

from datetime import timedelta
from uuid import uuid4

import pytest

from services.escalation.domain.delivery_facts import AddressFailed, AddressWorks, DeliveryResent, DeliveryReturned
from services.escalation.domain.devices import LastDeviceGone
from services.escalation.domain.own_facts import (
    AcknowledgePressed,
    ClosePressed,
    PolicySubmitted,
    ReopenPressed,
    RulesChanged,
)
from services.escalation.domain.policy.document import digest, shipped_text
from shared.contracts.escalation import POLICY_SUBJECT, EpisodeResult, SaleContribution
from tests.simulation.tables import DELIVERIES, EPISODES, LOSSES, PEOPLE, POLICIES, SIGNALS, Row
from tests.simulation.troubled import ACCOUNT, Troubled

_MINUTE = timedelta(minutes=1)
_NOTICES = "escalation.notices"
_FOR_REFUND = [
    ("signal", "Refund requested on order n-1.", "signals.refund_requested", None),
    ("severity", "Severity high: refund requested.", "signals.refund_requested.severity", None),
]


@pytest.fixture
def troubled() -> Troubled:
    return Troubled()


def test_a_repeated_request_in_other_words_raises_an_alert(troubled: Troubled) -> None:
    troubled.wait(_MINUTE)
    troubled.ask_back(3_000, "All of it.")
    rings = (
        "Notified anna (seller) because the customer contacted us again; acknowledgement due by 4 May 2026, 10:31 UTC."
    )
    again = "The customer asked again, in other words or for another amount."
    assert troubled.decided() == [
        ("asked_again", again, "signals.refund_requested.same_request_within", None),
        ("rang", rings, "ladder.high.seller", "anna"),
    ]
    ((type, alert),) = troubled.published()
    assert (type, alert["recipient"], alert["cause"]) == ("escalation.alert_raised", "anna", "contact")


def test_an_acknowledger_gets_time_for_earlier_calls(troubled: Troubled) -> None:
    troubled.do(AcknowledgePressed(episode=troubled.episode, by="anna", ahead=3))
    took = "anna acknowledged it and has until 4 May 2026, 14:00 UTC to reach the customer."
    queued = "4th call in line, after 3 calls of the same or a higher severity."
    assert troubled.decided() == [
        ("acknowledged", took, "acknowledgement.redeem_within.high", "anna"),
        ("queued", queued, "acknowledgement.call_takes", "anna"),
    ]
    ((type, said),) = troubled.published()
    assert (type, said["by"]) == ("escalation.episode_acknowledged", "anna")


@pytest.mark.parametrize(
    ("result", "reason", "words"),
    [
        (EpisodeResult.LOST, "price", "Closed as lost: Too expensive."),
        (EpisodeResult.FALSE_ALARM, "duplicate", "Closed as false alarm: The same matter is handled elsewhere."),
    ],
)
def test_an_episode_is_closed_as_lost_or_as_a_false_alarm(
    troubled: Troubled, result: EpisodeResult, reason: str, words: str
) -> None:
    troubled.do(ClosePressed(episode=troubled.episode, by="anna", result=result, reason=reason))
    closed, *_ = troubled.decided()
    assert closed == ("closed", words, f"reasons.{result.value}", "anna")
    (type, said), *_ = troubled.published()
    assert type == "escalation.episode_closed"
    assert (said["result"], said["reason"], said["by"]) == (result.value, reason, "anna")


def test_a_loss_keeps_the_answers_until_its_close_is_undone(troubled: Troubled) -> None:
    answers: Row = {"could_have": "Call sooner.", "contributed": SaleContribution.WRONG_PRODUCT, "may_call_again": None}
    lost = {"episode": troubled.episode, "by": "anna", "result": EpisodeResult.LOST, "reason": "price"}
    troubled.do(ClosePressed(**lost, **answers))
    own = {"episode_id": troubled.episode, "account_id": ACCOUNT}
    assert list(troubled.database.tables[LOSSES].values()) == [own | answers]
    (type, said), *_ = troubled.published()
    assert type == "escalation.episode_closed"
    assert (said["contributed"], "may_call_again" in said, "could_have" in said) == ("wrong_product", False, False)

    troubled.do(ReopenPressed(episode=troubled.episode, by="anna"))
    assert not troubled.database.tables[LOSSES]
    troubled.do(ClosePressed(**lost))
    assert [row["contributed"] for row in troubled.database.tables[LOSSES].values()] == [None], "remembered unanswered"


def test_the_managers_manager_is_notified_when_the_manager_does_not_respond(troubled: Troubled) -> None:
    troubled.wait(60 * _MINUTE)
    troubled.wait(120 * _MINUTE)
    mona, vera = "Notified mona (manager)", "Notified vera (manager's manager)"
    until = "because no one notified before has responded; acknowledgement due by 4 May 2026,"
    assert troubled.decided() == [
        ("unanswered", "anna did not respond in time.", "ladder.high.seller", "anna"),
        ("skipped", "Skipped the backup: Anna has no backup.", None, None),
        ("rang", f"{mona} {until} 12:30 UTC.", "ladder.high.manager", "mona"),
        ("unanswered", "mona did not respond in time.", "ladder.high.manager", "mona"),
        ("rang", f"{vera} {until} 14:30 UTC.", "ladder.high.upper_manager", "vera"),
    ]
    asked = [(said["recipient"], said["step"], said["because"]) for _, said in troubled.published()]
    assert asked == [("mona", "manager", "manager"), ("vera", "upper_manager", "upper_manager")]


def test_a_returned_email_has_failed_and_a_command_sends_it_again(troubled: Troubled) -> None:
    troubled.put(DELIVERIES, troubled.mail(), state="sent", attempts=1)
    id, alerted = troubled.mail()["delivery_id"], troubled.published()
    troubled.do(DeliveryReturned(delivery=id, reason="no such mailbox"))
    assert (troubled.mail()["state"], troubled.mail()["reason"]) == ("failed", "no such mailbox")
    troubled.do(DeliveryResent(delivery=id))
    assert (troubled.mail()["state"], troubled.mail()["reason"]) == ("pending", None)
    assert (troubled.decided(), troubled.published()) == ([], alerted)


def test_a_manager_is_notified_of_a_report_whose_email_fails(troubled: Troubled) -> None:
    troubled.do(AddressFailed(address="Anna@sales.example", reason="no such mailbox"), "anna")
    (notice,) = troubled.database.tables[_NOTICES].values()
    assert (notice["recipient"], notice["about"], notice["state"]) == ("mona", "anna", "pending")
    assert _failed_because(troubled) == "no such mailbox"
    troubled.do(AddressWorks(), "anna")
    assert _failed_because(troubled) is None
    assert (troubled.decided(), troubled.published()) == ([], [])


def test_a_manager_is_notified_of_a_report_who_has_lost_the_last_device(troubled: Troubled) -> None:
    troubled.do(LastDeviceGone(), "anna")
    (notice,) = troubled.database.tables[_NOTICES].values()
    said = ("last_device_gone", "mona", "anna", "pending")
    assert (notice["kind"], notice["recipient"], notice["about"], notice["state"]) == said
    assert (troubled.decided(), troubled.published()) == ([], [])


def test_nobody_is_notified_of_the_device_of_a_person_who_has_left(troubled: Troubled) -> None:
    troubled.put(PEOPLE, troubled.database.tables[PEOPLE]["anna",], active=False)
    troubled.do(LastDeviceGone(), "anna")
    assert not troubled.database.tables.get(_NOTICES)


def _failed_because(troubled: Troubled) -> str | None:
    because: str | None = troubled.database.tables[PEOPLE]["anna",]["email_failed_because"]
    return because


def test_publishing_a_policy_puts_it_in_force_and_announces_it(troubled: Troubled) -> None:
    document = f"{shipped_text()}\n"
    troubled.do(PolicySubmitted(document=document, by="anna", summary="A line more"), POLICY_SUBJECT)
    (row,) = troubled.database.tables[POLICIES].values()
    kept = {name: row[name] for name in ("version", "document", "digest", "published_by", "summary")}
    about = {"version": 2, "digest": digest(document), "summary": "A line more"}
    assert kept == {**about, "document": document, "published_by": "anna"}
    assert troubled.published() == [("escalation.policy_published", {**about, "by": "anna"})]
    assert troubled.decided() == []


def test_signals_of_other_rules_are_rejudged_without_an_alert(troubled: Troubled) -> None:
    (episode,), (signal,) = troubled.episodes().values(), troubled.database.tables[SIGNALS].values()
    older = {**signal, "signal_id": uuid4(), "kind": "case_stuck"}
    troubled.database.tables[SIGNALS][older["signal_id"],] = older
    troubled.put(EPISODES, episode, severity="critical")
    troubled.do(RulesChanged(rules=5))
    severity = "Severity high (was critical): the rules changed (refund requested)."
    assert troubled.decided() == [
        ("withdrawn", "Case stuck no longer counts: the rules changed.", None, None),
        ("severity", severity, "signals.refund_requested.severity", None),
    ]
    ((type, said),) = troubled.published()
    assert (type, said["kind"], said["because"]) == ("escalation.signal_withdrawn", "case_stuck", "rules_changed")


def test_signals_that_only_other_rules_find_are_shown_without_an_alert(troubled: Troubled) -> None:
    (signal,) = troubled.database.tables[SIGNALS].values()
    troubled.put(SIGNALS, signal)
    for table in (SIGNALS, EPISODES):
        troubled.database.tables[table].clear()
    troubled.do(RulesChanged(rules=5))
    assert troubled.decided() == [
        *_FOR_REFUND,
        ("not_rung", "No alert: the rules changed. It is shown in the inbox.", None, None),
        ("shown", "Shown in the inbox of anna.", None, "anna"),
    ]
    assert [type for type, _ in troubled.published()] == ["escalation.episode_raised"]
