"""Offers to the customer and requests to approve them: the decisions, events and alerts, on one small order of €50.

The play allows a tenth of it, €5. Mona, the manager, may approve €1,000, and Vera, hers, €3,000.
"""

from datetime import timedelta
from typing import Any

import pytest

from services.escalation.domain.own_facts import (
    AcknowledgePressed,
    ApprovalAsked,
    ApprovePressed,
    ClosePressed,
    CustomerReachedLogged,
    DeclinePressed,
    HandOverAcceptPressed,
    HandOverPressed,
    OfferLogged,
)
from shared.contracts import orders
from shared.contracts.escalation import EpisodeResult
from shared.transaction import Refused
from tests.simulation.happenings import Report
from tests.simulation.offers import faults_of_offers
from tests.simulation.tables import ALERTS, EPISODES, OFFERS, SIGNALS, Row
from tests.simulation.troubled import ACCOUNT, Troubled

_MINUTE = timedelta(minutes=1)
_LIMITS = [{"currency": "EUR", "amount_minor": 700}]


class Offering(Troubled):
    """Anna has acknowledged the episode."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.do(AcknowledgePressed(episode=self.episode, by="anna"))

    def offer(self, amount_minor: int | None = None, *, percent: int | None = None, by: str = "anna") -> str | None:
        fact = OfferLogged(episode=self.episode, by=by, what="A credit.", amount_minor=amount_minor, percent=percent)
        return self.refused(fact)

    def ask(self, amount_minor: int = 800, *, by: str = "anna") -> str | None:
        return self.refused(ApprovalAsked(episode=self.episode, by=by, what="A credit.", amount_minor=amount_minor))

    def approve(self, by: str, amount_minor: int | None = None) -> str | None:
        offer = self.last["offer_id"]
        return self.refused(ApprovePressed(episode=self.episode, by=by, offer=offer, amount_minor=amount_minor))

    def decline(self, by: str) -> str | None:
        return self.refused(DeclinePressed(episode=self.episode, by=by, offer=self.last["offer_id"]))

    def refused(self, fact: Any) -> str | None:
        """The code of the refusal of a press, or None."""
        self.wait(_MINUTE)
        try:
            self.try_to_press(fact, ACCOUNT)
        except Refused as refused:
            return refused.rejected[0].code
        assert list(faults_of_offers(self.database)) == []
        return None

    @property
    def last(self) -> Row:
        return list(self.database.tables[OFFERS].values())[-1]

    @property
    def state(self) -> tuple[Any, ...]:
        """Of the last offer: its state, who is asked, what was agreed, and who answered."""
        return tuple(self.last[name] for name in ("state", "asked", "agreed_minor", "answered_by"))

    @property
    def rung(self) -> list[tuple[str, str]]:
        return [(row["recipient"], row["cause"]) for row in self.database.tables[ALERTS].values()]

    @property
    def row(self) -> Row:
        return self.database.tables[EPISODES][self.episode,]

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        return [(type, body) for type, body in self.published() if ".offer_" in type]

    def rules(self) -> list[str]:
        return [rule for rule, *_ in self.decided() if rule.startswith(("offer", "approval"))]


@pytest.fixture
def sale() -> Offering:
    return Offering()


def test_an_offer_within_the_limit_is_made_at_once(sale: Offering) -> None:
    clock = sale.row["deadline_at"]
    assert sale.offer(300) is None
    assert sale.state == ("made", None, 300, None)
    assert sale.rung == [("anna", "signal")]
    assert sale.row["deadline_at"] == clock
    ((type, body),) = sale.events()
    assert (type, body["by"], body["amount_minor"]) == ("escalation.offer_made", "anna", 300)
    assert "A credit." not in str(body), "words stay with the episode"


@pytest.mark.parametrize(
    ("amount_minor", "percent", "code"),
    [
        (500, None, None),
        (501, None, "above_limit"),
        (None, 10, None),
        (None, 11, "above_limit"),
        (None, None, None),
        (100, 1, "two_amounts"),
    ],
)
def test_the_limit_is_the_plays(
    sale: Offering, amount_minor: int | None, percent: int | None, code: str | None
) -> None:
    assert sale.offer(amount_minor, percent=percent) == code


def test_the_limit_is_about_all_offers_of_the_episode(sale: Offering) -> None:
    assert sale.offer(300) is None
    assert sale.offer(300) == "above_limit"
    assert sale.ask(200) == "within_limit"
    assert sale.ask(201) is None


def test_only_the_acknowledger_offers_and_asks(sale: Offering) -> None:
    assert (sale.offer(100, by="mona"), sale.ask(by="mona")) == ("episode_of_another", "episode_of_another")


def test_the_manager_is_asked_and_approves(sale: Offering) -> None:
    clock = sale.row["deadline_at"]
    assert sale.ask(800) is None
    assert (sale.state, sale.rung[-1]) == (("pending", "mona", None, None), ("mona", "approval"))
    assert sale.row["acknowledged_by"] == "anna"
    assert sale.ask(900) == "approval_pending"
    assert (sale.approve("anna"), sale.approve("vera"), sale.approve("desk")) == ("no_approval_asked",) * 3
    assert sale.approve("mona") is None
    assert (sale.state, sale.rung[-1]) == (("approved", None, 800, "mona"), ("anna", "approval_answered"))
    assert sale.row["deadline_at"] == clock, "the clock of the rescue runs on"
    assert [type for type, _ in sale.events()] == [
        "escalation.offer_approval_requested",
        "escalation.offer_approved",
    ]
    assert sale.approve("mona") == "no_approval_asked"


def test_another_amount_is_approved_within_the_approvers_power(sale: Offering) -> None:
    sale.ask(800)
    assert sale.approve("mona", 1_000_01) == "above_power"
    assert sale.approve("mona", 600) is None
    assert sale.state == ("approved", None, 600, "mona")
    assert sale.events()[-1][1] == {
        "order": "n-1",
        "offer": str(sale.last["offer_id"]),
        "by": "mona",
        "asked_by": "anna",
        "amount_minor": 600,
        "asked_minor": 800,
        "currency": "EUR",
    }


def test_a_declined_offer_is_reported_to_the_asker(sale: Offering) -> None:
    sale.ask(800)
    assert sale.decline("mona") is None
    assert (sale.state, sale.rung[-1]) == (("declined", None, None, "mona"), ("anna", "approval_answered"))
    assert list(sale.database.tables[ALERTS].values())[-1]["why_you"] == "Mona declined your offer of €8.00."


def test_without_an_answer_the_next_person_is_asked_and_then_it_is_declined(sale: Offering) -> None:
    sale.wait(_MINUTE)
    sale.do(CustomerReachedLogged(episode=sale.episode, by="anna"))  # no other clock runs
    sale.ask(800)
    until = sale.last["until"]
    sale.wait(until - sale.now)
    assert (sale.state, sale.rung[-1]) == (("pending", "vera", None, None), ("vera", "approval"))
    assert sale.approve("mona") == "no_approval_asked"
    sale.wait(sale.last["until"] - sale.now)
    assert (sale.state, sale.rung[-1]) == (("declined", None, None, None), ("anna", "approval_answered"))
    assert sale.events()[-1][1].get("by") is None
    assert sale.rules() == [
        *("approval_asked", "approval_unanswered", "approval_asked", "approval_unanswered", "offer_declined"),
    ]


@pytest.mark.parametrize(("amount_minor", "asked"), [(1_000_00, "mona"), (1_000_01, "vera"), (3_000_00, "vera")])
def test_the_next_step_with_enough_power_is_asked(sale: Offering, amount_minor: int, asked: str) -> None:
    assert sale.ask(amount_minor) is None
    assert sale.last["asked"] == asked


def test_more_than_anyone_may_approve_is_refused(sale: Offering) -> None:
    assert sale.ask(3_000_01) == "nobody_may_approve"
    assert sale.database.tables[OFFERS] == {}


@pytest.mark.parametrize(("limits", "asked"), [(_LIMITS, "vera"), ([], "vera"), (None, "mona")])
def test_a_persons_own_limits_come_before_the_policys(sale: Offering, limits: Any, asked: str) -> None:
    sale.report_person("mona", manager="vera", approves_up_to=limits)
    sale.ask(800)
    assert sale.last["asked"] == asked


def test_a_person_with_power_of_their_own_never_approves_for_themselves(sale: Offering) -> None:
    sale.report_person("anna", manager="mona", approves_up_to=[{"currency": "EUR", "amount_minor": 9_000}])
    sale.ask(800)
    assert sale.last["asked"] == "mona"


def test_nobody_who_is_away_is_asked(sale: Offering) -> None:
    today = sale.now.date()
    sale.report_person("mona", manager="vera", away=[{"since": today, "until": today}])
    sale.ask(800)
    assert sale.last["asked"] == "vera"


@pytest.mark.parametrize("leaves", [True, False], ids=["left", "away"])
def test_a_changed_person_passes_a_request_on_at_once(sale: Offering, leaves: bool) -> None:
    sale.ask(800)
    today = sale.now.date()
    away = () if leaves else ({"since": today, "until": today},)
    sale.report_person("mona", manager="vera", active=not leaves, away=away)
    sale.wait(_MINUTE)
    assert (sale.last["asked"], sale.rung[-1]) == ("vera", ("vera", "approval"))


def test_a_close_ends_a_request(sale: Offering) -> None:
    sale.ask(800)
    sale.do(ClosePressed(episode=sale.episode, by="anna", result=EpisodeResult.SAVED, reason="problem_solved"))
    assert (sale.state[0], list(faults_of_offers(sale.database))) == ("withdrawn", [])
    assert sale.rules()[-1] == "approval_withdrawn"


def test_a_hand_over_ends_a_request(sale: Offering) -> None:
    sale.ask(800)
    sale.do(HandOverPressed(episode=sale.episode, by="anna", to="desk", until=sale.now + 60 * _MINUTE))
    assert sale.state[0] == "pending", "until the colleague accepts"
    sale.do(HandOverAcceptPressed(episode=sale.episode, by="desk"))
    assert sale.state[0] == "withdrawn"


def test_an_acknowledgement_that_expires_ends_a_request(sale: Offering) -> None:
    sale.wait(sale.row["deadline_at"] - sale.now - 5 * _MINUTE)
    sale.ask(800)
    sale.wait(5 * _MINUTE)
    assert (sale.row["acknowledged_by"], sale.state[0]) == (None, "withdrawn")


def test_a_new_notification_of_the_asker_ends_no_request(sale: Offering) -> None:
    sale.ask(800)
    sale.wait(_MINUTE)
    sale.ask_back(4_000, "All of it now.")
    assert (sale.row["acknowledged_by"], sale.row["responsible"]) == (None, "anna")
    assert sale.state[0] == "pending"


def _paid(sale: Offering, amount_minor: int) -> list[str]:
    """The kinds of signals that stand after a refund of this amount."""
    sale.wait(_MINUTE)
    sale.receive(Report(orders.RefundPaid(order="n-1", amount_minor=amount_minor, currency="EUR"), ACCOUNT, sale.now))
    return sorted(row["kind"] for row in sale.database.tables[SIGNALS].values() if row["ended"] is None)


def test_a_refund_within_the_offers_agreed_raises_nothing(sale: Offering) -> None:
    sale.offer(300)
    rung = sale.rung
    assert _paid(sale, 200) == ["refund_requested"]
    assert _paid(sale, 100) == ["refund_requested"]
    assert sale.rung == rung
    assert _paid(sale, 1) == ["refund_paid", "refund_requested"]


def test_a_refund_without_or_beyond_an_offer_is_a_signal(sale: Offering) -> None:
    sale.ask(800)
    sale.decline("mona")
    assert _paid(sale, 100) == ["refund_paid", "refund_requested"]


def test_a_person_asked_to_approve_may_acknowledge_once_it_is_released(sale: Offering) -> None:
    sale.wait(sale.row["deadline_at"] - sale.now - 5 * _MINUTE)
    sale.ask(800)
    assert sale.refused(AcknowledgePressed(episode=sale.episode, by="mona")) == "taken_by_another"
    sale.report_person("mona", manager="vera")
    sale.wait(5 * _MINUTE)
    assert (sale.row["acknowledged_by"], sale.rung[-1]) == (None, ("mona", "unredeemed")), "her own turn still comes"
    sale.wait(sale.row["deadline_at"] - sale.now)
    assert (sale.rung[-1][0], sale.refused(AcknowledgePressed(episode=sale.episode, by="mona"))) == ("vera", None)
    assert sale.row["acknowledged_by"] == "mona"


def test_a_person_asked_out_of_turn_may_acknowledge_before_their_turn(sale: Offering) -> None:
    sale.wait(sale.row["deadline_at"] - sale.now - 5 * _MINUTE)
    sale.ask(1_000_01)
    sale.wait(5 * _MINUTE)
    assert sale.row["responsible"] == "mona"
    assert sale.refused(AcknowledgePressed(episode=sale.episode, by="vera")) is None
    assert sale.row["acknowledged_by"] == "vera"
