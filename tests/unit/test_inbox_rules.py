"""The pages' decisions without a database: when to call, the script, the people notified, the time left."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.escalation.domain.calling import calling
from services.escalation.domain.escalation_path import AlertRow, StepRow, had_since, path_lines
from services.escalation.domain.plays import Voice, advice, free_limit, offer_limit
from services.escalation.domain.policy.document import shipped
from services.escalation.domain.policy.model import Play
from services.escalation.domain.reader import Reader
from services.escalation.domain.stakes import Amount
from services.escalation.domain.words import Risk, ended, left, local_clock
from shared.contracts.escalation import SignalKind, Step
from shared.contracts.support_inbound import ContactPreference, RefundKind
from shared.ids import SalespersonId

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
ANNA = Reader(SalespersonId("anna"), BERLIN, NOW)
SELLER = Voice("anna", "Anna Berg", Step.SELLER, "anna", "Anna Berg")


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(seconds=-1), "overdue"),
        (timedelta(seconds=59), "under 1 min left"),
        (timedelta(minutes=12, seconds=59), "12 min left"),
        (timedelta(minutes=60), "1 h left"),
        (timedelta(minutes=80), "1 h 20 min left"),
        (timedelta(hours=47), "47 h left"),
        (timedelta(days=3), "3 days left"),
    ],
)
def test_time_left_has_at_most_two_units(ahead: timedelta, words: str) -> None:
    assert left(NOW + ahead, NOW) == words


def test_a_time_names_its_day_unless_it_is_today() -> None:
    assert local_clock(NOW.astimezone(BERLIN), NOW) == "11:30"
    assert local_clock((NOW + timedelta(days=1)).astimezone(BERLIN), NOW) == "5 May, 11:30"


@pytest.mark.parametrize(
    ("zone", "hour", "allowed", "words"),
    [
        ("Europe/Berlin", 6, True, "call until 20:00"),
        ("Europe/Berlin", 5, False, "do not call before 08:00"),
        ("Europe/Berlin", 18, False, "do not call before 08:00"),
        (None, 12, True, "call until 20:00 UTC (the customer's time zone is unknown)"),
    ],
)
def test_customers_are_called_in_their_own_time(zone: str | None, hour: int, allowed: bool, words: str) -> None:
    found = calling(zone, shipped().customers, datetime(2026, 5, 4, hour, tzinfo=UTC))
    assert (found.allowed, found.phrase) == (allowed, words)
    assert (found.local_time is None) == (zone is None)


@pytest.mark.parametrize(
    ("amount_minor", "currency", "limit"),
    [
        pytest.param(100_000, "EUR", 10_000, id="the percentage"),
        pytest.param(1_490_000, "EUR", 50_000, id="never more than the limit"),
        pytest.param(99, "EUR", 9, id="rounded down"),
        pytest.param(100_000_000, "CHF", None, id="limits in other currencies only"),
    ],
)
def test_an_offer_is_the_lower_of_share_and_limit(amount_minor: int, currency: str, limit: int | None) -> None:
    play = Play(say=("Sorry.",), offer="A credit.", offer_percent=10, offer_at_most={"EUR": 50_000})
    assert offer_limit(play, Amount(amount_minor, currency)) == limit


def test_a_play_without_limits_offers_its_share_in_every_currency() -> None:
    assert offer_limit(Play(say=("Sorry.",), offer="A credit.", offer_percent=10), Amount(100_000, "JPY")) == 10_000


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (Amount(100_000_000, "EUR"), "Credit without approval: up to €500.00."),
        (Amount(100_000_000, "CHF"), "Credit: only with approval (no limit is set for CHF)."),
        (Amount(0, "EUR"), "Credit: only with approval."),
    ],
)
def test_an_offer_states_its_amount_or_that_approval_is_needed(order: Amount, words: str) -> None:
    risk = Risk(SignalKind.REFUND_REQUESTED, NOW)
    found = advice([risk], SELLER, preference=ContactPreference.NONE, order=order, policy=shipped())
    assert found is not None
    assert found.limit == words


def test_a_customer_who_insists_is_offered_nothing_and_the_limit_stays() -> None:
    """The advice changes, not what a salesperson may give away."""
    asked = Risk(SignalKind.REFUND_REQUESTED, NOW)
    insisted, order = replace(asked, insisted=True), Amount(100_000, "EUR")
    found = advice([insisted], SELLER, preference=ContactPreference.NONE, order=order, policy=shipped())
    assert found is not None
    assert (found.say, found.offer, found.limit) == ((), None, None)
    assert "do not try to change their mind" in str(found.instead)
    limits = [
        free_limit([risk], preference=ContactPreference.NONE, order=order, policy=shipped())
        for risk in (asked, insisted)
    ]
    assert limits[0] == limits[1] > 0


def test_a_play_without_money_offers_none() -> None:
    assert offer_limit(Play(say=("Sorry.",), offer="Time."), Amount(100_000, "EUR")) is None


def test_the_most_severe_risk_gives_the_play_and_the_latest_among_equals() -> None:
    old = Risk(SignalKind.REFUND_REQUESTED, NOW - timedelta(days=1))
    watch = Risk(SignalKind.CASE_STUCK, NOW)
    found = advice(
        [old, watch], SELLER, preference=ContactPreference.NONE, order=Amount(100_000, "EUR"), policy=shipped()
    )
    assert found is not None
    assert found.say[1:] == shipped().plays.by_signal[SignalKind.REFUND_REQUESTED].say
    assert found.limit == "Credit without approval: up to €100.00."


@pytest.mark.parametrize("kind", [RefundKind.CHARGEBACK, RefundKind.FRAUD, RefundKind.STATUTORY_WITHDRAWAL])
def test_refunds_of_other_kinds_only_inform(kind: RefundKind) -> None:
    risk = Risk(SignalKind.REFUND_REQUESTED, NOW, refund_kind=kind)
    found = advice([risk], SELLER, preference=ContactPreference.NONE, order=Amount(1, "EUR"), policy=shipped())
    assert found is not None
    assert found.say == ()
    assert "Do not try to change the customer's mind" in str(found.instead)
    assert "Nothing is due from you" in str(found.instead)


def test_a_do_not_call_customer_gets_no_play() -> None:
    risk = Risk(SignalKind.REFUND_REQUESTED, NOW)
    found = advice([risk], SELLER, preference=ContactPreference.DISPUTE, order=Amount(1, "EUR"), policy=shipped())
    assert found is not None
    assert (found.say, found.offer) == ((), None)
    assert str(found.instead).startswith("This customer is in a dispute with us. Do not call or write to them")


def _alert(who: str, minutes: int, step: str = "seller") -> AlertRow:
    return AlertRow(who, who.title(), step, "signal", NOW + timedelta(minutes=minutes), None)


def _step(rule: str, who: str | None, minutes: int, words: str = "") -> StepRow:
    return StepRow(NOW + timedelta(minutes=minutes), rule, words, who, who and who.title())


def test_the_people_notified_are_listed_with_the_result_and_the_people_skipped() -> None:
    alerts = [_alert("anna", 0), _alert("anna", 1), _alert("mona", 16, "manager")]
    steps = [
        _step("unanswered", "anna", 16),
        _step("skipped", None, 16, "Skipped the backup: Anna has no backup."),
        _step("acknowledged", "mona", 17),
    ]
    lines = [(one.who, one.step, one.skipped, one.outcome) for one in path_lines(alerts, steps, ANNA)]
    assert lines == [
        ("You", "seller", False, "did not respond in time"),
        ("Backup", None, True, "skipped: Anna has no backup"),
        ("Mona", "manager", False, "acknowledged it"),
    ]


def test_a_skipped_step_is_recognised_in_the_words_of_earlier_releases() -> None:
    steps = [
        _step("skipped", None, 16, "Skipped: the manager's manager, as none is known."),
        _step("skipped", "ben", 16, "Skipped: the backup, as Ben is away until 5 May."),
    ]
    lines = [(one.who, one.step, one.outcome) for one in path_lines([_alert("anna", 0)], steps, ANNA)]
    assert lines[1:] == [
        ("Ben", "backup", "skipped: away until 5 May"),
        ("Manager's manager", None, "skipped: none is known"),
    ]


def test_a_late_acknowledgement_counts_and_an_offer_to_a_colleague_does_not_end_it() -> None:
    offer = replace(_alert("ben", 30, "colleague"), cause="handed_over")
    alerts = [_alert("anna", 0), _alert("mona", 16, "manager"), offer]
    steps = [_step("unanswered", "anna", 16), _step("acknowledged", "anna", 20)]
    lines = [(one.who, one.step, one.outcome) for one in path_lines(alerts, steps, ANNA)]
    assert lines == [
        ("You", "seller", "acknowledged it"),
        ("Mona", "manager", "you acknowledged it first"),
        ("Ben", "colleague", "no response yet"),
    ]


def test_people_notified_at_the_same_instant_are_in_the_order_of_the_ladder() -> None:
    steps = [
        _step("skipped", None, 0, "Skipped the manager's manager: none is known."),
        _step("skipped", None, 0, "Skipped the backup: Anna has no backup."),
    ]
    lines = path_lines([_alert("mona", 0, "manager"), _alert("desk", 0, "desk"), _alert("anna", 0)], steps, ANNA)
    assert [one.who for one in lines] == ["You", "Backup", "Mona", "Manager's manager", "Desk"]


def test_a_person_skipped_before_their_turn_was_not_notified() -> None:
    held = replace(_alert("kim", 0), notified=False)
    skip = _step("skipped", "kim", 7, "Skipped the seller: Kim is not at work before Monday.")
    lines = path_lines([held, _alert("mona", 7, "manager")], [skip], ANNA)
    assert [(one.who, one.step, one.skipped) for one in lines] == [("Kim", "seller", True), ("Mona", "manager", False)]
    (alone, _) = path_lines([held, _alert("mona", 7, "manager")], [], ANNA)
    assert alone.outcome == "not notified: it moved on before they were at work"


def test_a_person_notified_once_more_had_the_episode_since_acknowledging_the_last_alert() -> None:
    alerts = [_alert("anna", 0), replace(_alert("ben", 8), cause="handed_over"), _alert("anna", 20)]
    taken = _step("acknowledged", "anna", 5)
    assert had_since(alerts, [taken]) == taken.at
    assert had_since(alerts[:1], [taken]) is None
    assert had_since(alerts, [taken, _step("handed_over", "ben", 9)]) is None
    assert had_since(alerts, [taken, _step("expired", "anna", 19)]) is None
    assert had_since([*alerts, _alert("anna", 30)], [taken]) is None, "their acknowledgement ended before"


def test_no_response_is_awaited_on_a_closed_episode() -> None:
    alerts = [_alert("anna", 0)]
    assert [one.outcome for one in path_lines(alerts, [], ANNA)] == ["no response yet"]
    assert [one.outcome for one in path_lines(alerts, [_step("closed", None, 5)], ANNA)] == ["no response"]
    assert [one.outcome for one in path_lines(alerts, [_step("closed", "anna", 5)], ANNA)] == ["closed it"]
    (by_mona,) = path_lines(alerts, [_step("closed", "mona", 5)], ANNA)
    assert by_mona.outcome == "Mona closed it"


def test_the_end_of_a_signal_is_described_in_words() -> None:
    assert ended("cleared", "case_resolved") == "the case was resolved"
    assert ended("withdrawn", "case_closed") == "not a problem after all (the case was closed)"
