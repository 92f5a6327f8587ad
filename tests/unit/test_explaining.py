"""An episode's state and next step, in words, for each deadline that can run."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.escalation.domain.deliveries import AWAITS_RESPONSE
from services.escalation.domain.entities import Account, Alert, DeadlineFor, Delivery, Episode, Order, Salesperson
from services.escalation.domain.explaining.outlook import Outlook, outlook
from services.escalation.domain.explaining.record import Record
from services.escalation.domain.explaining.sending import sent_words
from services.escalation.domain.policy.document import shipped
from services.escalation.domain.policy.lookup import lines_at
from services.escalation.domain.policy.versions import Policies
from shared.contracts.escalation import EpisodeResult, Severity, Step
from tests.builders import ACCOUNT, AT, ORDER

LATER = AT + timedelta(hours=1)
UNTIL = "4 May 2026, 10:30 UTC"
EPISODE = Episode(
    episode_id=UUID(int=1),
    account_id=ACCOUNT,
    order_id=ORDER,
    salesperson="anna",
    raised_at=AT,
    changed_at=AT,
    severity=Severity.HIGH,
    responsible="anna",
    rang=True,
    rings=1,
    step=Step.SELLER,
    deadline_at=LATER,
    deadline_for=DeadlineFor.ANSWER,
)
TAKEN = replace(EPISODE, acknowledged_at=AT, acknowledged_by="anna", deadline_for=DeadlineFor.REDEEM)
QUIET = replace(TAKEN, deadline_at=None, deadline_for=None)


def _person(id: str, manager: str | None = None) -> Salesperson:
    return Salesperson(
        salesperson_id=id,
        changed_at=AT,
        name=id.capitalize(),
        manager=manager,
        email=f"{id}@sales.example",
        phone=None,
        chat=None,
        zone="UTC",
        working_hours="[]",
        active=True,
        successor=None,
        successor_since=None,
    )


def _outlook(episode: Episode, *, sold_by: str = "anna", **people: Salesperson) -> Outlook:
    """The outlook of an episode whose last alert went to the responsible person."""
    recipient = episode.responsible or "anna"
    directory = {"anna": _person("anna", "mona"), "mona": _person("mona"), "desk": _person("desk"), **people}
    record = Record(
        now=AT,
        episode=episode,
        order=Order(ORDER, ACCOUNT, sold_by, AT, 1, "EUR", "Heat pump", AT),
        account=Account(ACCOUNT),
        signals=(),
        facts=(),
        received=(),
        decisions=(),
        alerts=(Alert(EPISODE.episode_id, ACCOUNT, EPISODE.episode_id, UUID(int=2), recipient, "seller", "", AT),),
        deliveries=(),
        people=directory,
        policies=Policies.shipped(),
    )
    return outlook(record, desk="desk")


CLOCKS = {
    "an answer": (EPISODE, f"acknowledgement due by {UNTIL}", "Then the manager (mona) is notified."),
    "an answer of the last": (
        replace(EPISODE, step=Step.MANAGER, responsible="mona"),
        f"acknowledgement due by {UNTIL}",
        "Then the sales desk (desk) is notified.",
    ),
    "an answer of the desk": (
        replace(EPISODE, step=Step.DESK, responsible="desk"),
        f"acknowledgement due by {UNTIL}",
        "Then the sales desk (desk) is notified again.",
    ),
    "the last answer of all": (
        replace(EPISODE, step=Step.DESK, responsible="desk", repeats=6),
        f"acknowledgement due by {UNTIL}",
        "Then no one is left to notify.",
    ),
    "a talk": (
        TAKEN,
        f"customer to be reached by {UNTIL}",
        "Then the episode is released, and the manager (mona) is notified.",
    ),
    "an appointment": (
        replace(TAKEN, deadline_for=DeadlineFor.APPOINTMENT),
        f"paused until {UNTIL}, the call-back time agreed with the customer",
        "Shortly before, anna is reminded; then the time to reach the customer starts.",
    ),
    "a pause": (
        replace(TAKEN, deadline_for=DeadlineFor.SNOOZE),
        f"snoozed until {UNTIL}",
        "Then anna is notified again.",
    ),
    "nothing, for it was redeemed": (
        replace(QUIET, reached_at=AT),
        "none",
        "The customer was reached: nothing is due until something new happens or someone closes it.",
    ),
    "nothing, for everybody was asked": (
        replace(EPISODE, deadline_at=None, deadline_for=None, exhausted_at=AT),
        "none",
        "No one has responded: no one is notified until something new happens or someone acknowledges it.",
    ),
}


@pytest.mark.parametrize(("episode", "clock", "next"), CLOCKS.values(), ids=CLOCKS)
def test_the_deadline_and_the_step_after_it(episode: Episode, clock: str, next: str) -> None:
    found = _outlook(episode)
    assert (found.clock, found.next) == (clock, next)
    assert found.state == "open, severity high"


def test_the_next_person_is_found_in_the_present_directory() -> None:
    away = replace(_person("mona"), away='[{"since": "2026-05-01", "until": "2026-05-09"}]')
    assert _outlook(EPISODE, mona=away).next == "Then the sales desk (desk) is notified."


def test_a_seller_found_late_comes_next_if_never_notified() -> None:
    assert _outlook(EPISODE, sold_by="ben", ben=_person("ben", "mona")).next == "Then the seller (ben) is notified."


def test_an_alert_that_waits_for_an_unknown_seller_says_so_despite_earlier_recipients() -> None:
    waiting = replace(EPISODE, deadline_at=None, deadline_for=None, rang=True)
    assert _outlook(waiting, sold_by="phantom").next.startswith("The seller is notified once they are in the directory")


def test_an_offer_is_described_with_its_end() -> None:
    offered = replace(TAKEN, offered_to="mona", offered_until=LATER)
    assert _outlook(offered).whose == (
        f"anna, acknowledged on 4 May 2026 at 09:30 UTC; waiting for mona to accept until {UNTIL}"
    )


def test_a_closed_episode_says_how_it_ended() -> None:
    closed = replace(QUIET, closed_at=AT, closed_by="anna", result=EpisodeResult.SAVED, reason="replacement")
    found = _outlook(closed)
    assert found.state == (
        "Closed as saved: They got a replacement or another product. Closed by anna on 4 May 2026 at 09:30 UTC."
    )
    assert (found.whose, found.until) == ("no one", None)


def _delivery(channel: str = "email", state: str = "sent", **changes: Any) -> Delivery:
    return Delivery(
        UUID(int=2), UUID(int=3), recipient="anna", channel=channel, state=state, try_at=LATER, changed_at=AT, **changes
    )


SENDING = {
    "shown in the inbox": _delivery("inbox"),
    "e-mail sent": _delivery(attempts=1),
    "e-mail sent in a list": _delivery(attempts=1, list_id=UUID(int=4)),
    "e-mail sent after 3 attempts, 1 of them with an unknown outcome": _delivery(attempts=3, unknown_count=1),
    f"e-mail held until {UNTIL} (at night)": _delivery(state="held", reason="at night"),
    "e-mail not sent (no e-mail address is known)": _delivery(state="skipped", reason="no e-mail address is known"),
    "e-mail cancelled (acknowledged)": _delivery(state="cancelled", reason="acknowledged"),
    "e-mail cancelled (the hand-over is over)": _delivery(state="cancelled", reason="offer_over"),
    "notification on a device sent": _delivery("push", attempts=1),
    "notification on a device failed (no device receives notifications any more)": _delivery(
        "push", "failed", attempts=1, reason="no device receives notifications any more"
    ),
    f"e-mail held until {UNTIL} (waits for a response to the notification on a device)": _delivery(
        state="held", reason=AWAITS_RESPONSE
    ),
    "e-mail possibly sent, next attempt on 4 May 2026 at 10:30 UTC": _delivery(state="unknown", attempts=1),
}


@pytest.mark.parametrize(("words", "delivery"), SENDING.items(), ids=list(SENDING))
def test_the_state_of_a_message_in_words(words: str, delivery: Delivery) -> None:
    assert sent_words(delivery) == words


@pytest.mark.parametrize(
    ("path", "lines"),
    [
        ("ladder.high.seller", ["ladder.high.seller = 1h"]),
        ("rises.large_amount.EUR", ["rises.large_amount.EUR = 1000000"]),
        (
            "signals.contact_repeated",
            [
                "signals.contact_repeated.contacts = 3",
                "signals.contact_repeated.within = 7d",
                "signals.contact_repeated.same_conversation_within = 30m",
            ],
        ),
        ("signals.refund_requested", ["signals.refund_requested.same_request_within = 1d"]),
        ("signals.promise_missed", ["signals.promise_missed"]),
        ("rises.request_after_bad_contact", ["rises.request_after_bad_contact = true"]),
        ("reasons.saved", ["reasons.saved"]),
        ("plays", ["plays"]),
        ("nothing.of.this", ["nothing.of.this"]),
    ],
)
def test_a_line_of_the_policy_is_printed_as_written(path: str, lines: list[str]) -> None:
    assert [str(line) for line in lines_at(shipped(), path)] == lines
