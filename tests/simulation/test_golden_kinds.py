"""The golden histories reach every kind of decision, except for those that a test of their own reaches."""

import ast

import pytest

from tests.simulation.golden.against import ROOT
from tests.simulation.golden.blocks import committed_counts
from tests.simulation.golden.kinds import known

_BEYOND = ("under", "refusal")
_HERE = "tests/simulation/test_golden_unreached.py"
_PUBLISHED = f"{_HERE}::test_publishing_a_policy_puts_it_in_force_and_announces_it"
_MAIL = f"{_HERE}::test_a_returned_email_has_failed_and_a_command_sends_it_again"
_ADDRESS = f"{_HERE}::test_a_manager_is_notified_of_a_report_whose_email_fails"
_LAST_DEVICE = f"{_HERE}::test_a_manager_is_notified_of_a_report_who_has_lost_the_last_device"
_CLOSED = f"{_HERE}::test_an_episode_is_closed_as_lost_or_as_a_false_alarm"
_SELDOM = 10
_OTHER = "tests/simulation/test_golden_seldom.py"
_ACCEPTED = f"{_OTHER}::test_a_hand_over_is_accepted"
_RESULTS = "tests/simulation/test_results.py"
_LOSSES = "tests/simulation/test_results_of_losses.py"
_TAKEN_BACK = f"{_RESULTS}::test_a_withdrawn_disproof_leaves_the_save_as_it_was"
_MISSED = f"{_LOSSES}::test_a_false_alarm_with_a_disproof_was_missed_and_notifies_nobody_more"
_OFFERS = "tests/simulation/test_offers.py"
_APPROVED = f"{_OFFERS}::test_the_manager_is_asked_and_approves"
OWN_TESTS = {
    "event escalation.offer_approved": _APPROVED,
    "fact escalation.button.approve_pressed": _APPROVED,
    "fact escalation.button.decline_pressed": f"{_OFFERS}::test_a_declined_offer_is_reported_to_the_asker",
    "rule offer_approved": _APPROVED,
    "event escalation.relapse_withdrawn": _TAKEN_BACK,
    "rule alarm_missed": _MISSED,
    "rule relapse_withdrawn": _TAKEN_BACK,
    "event escalation.hand_over_accepted": _ACCEPTED,
    "fact escalation.button.hand_over_accept_pressed": _ACCEPTED,
    "rule bound": f"{_OTHER}::test_no_talk_is_due_while_a_customer_must_not_be_contacted",
    "rule handed_over": _ACCEPTED,
    "rule offer_withdrawn": f"{_OTHER}::test_a_hand_over_to_a_person_who_leaves_is_withdrawn",
    "event escalation.policy_published": _PUBLISHED,
    "fact escalation.button.policy_publishing": _PUBLISHED,
    "fact escalation.delivery.address_failed": _ADDRESS,
    "fact escalation.delivery.address_works": _ADDRESS,
    "fact escalation.delivery.last_device_gone": _LAST_DEVICE,
    "fact escalation.delivery.resent": _MAIL,
    "fact escalation.delivery.returned": _MAIL,
    "fact escalation.rejudging.rules_changed": f"{_HERE}::test_signals_of_other_rules_are_rejudged_without_an_alert",
    "result false_alarm": _CLOSED,
    "rule queued": f"{_HERE}::test_an_acknowledger_gets_time_for_earlier_calls",
    "step upper_manager": f"{_HERE}::test_the_managers_manager_is_notified_when_the_manager_does_not_respond",
}
"""Kinds that fewer than ten histories reach, each with the test that reaches it."""


def test_ten_histories_reach_every_kind_without_a_test_of_its_own() -> None:
    counts = {kind: count for kind, count in committed_counts().items() if not kind.startswith(_BEYOND)}
    assert counts.keys() == known(), "python -m tests.simulation.golden --write"
    assert {kind for kind, count in counts.items() if count < _SELDOM} == OWN_TESTS.keys()


@pytest.mark.parametrize("kind", OWN_TESTS)
def test_every_rare_kind_is_reached_by_its_test(kind: str) -> None:
    path, _, name = OWN_TESTS[kind].partition("::")
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    assert name in {getattr(node, "name", None) for node in tree.body}
