"""The changes of one value of a policy that `handoff review` tries."""

import pytest

from services.escalation.domain.policy.checks import faults
from services.escalation.domain.policy.document import read, shipped, shipped_text
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.policy.signal_rules import Signals
from services.escalation.domain.policy.versions import difference
from services.escalation.replaying.candidates import LOWERED, RAISED, candidates_of
from shared.contracts.escalation import SignalKind


def lines(policy: Policy, beginning: str) -> list[str]:
    return [one.line for one in candidates_of(policy) if one.line.startswith(beginning)]


def with_line(before: str, after: str) -> Policy:
    assert before in shipped_text()
    return read(shipped_text().replace(before, after, 1))


def test_each_candidate_differs_in_one_value_and_can_be_published() -> None:
    candidates = candidates_of(shipped())
    assert len({one.line for one in candidates}) == len(candidates) > 50
    for one in candidates:
        (change,) = difference(shipped(), one.policy)
        assert (change.path, change.before, change.after) == (one.path, one.before, one.after)
        assert list(faults(one.policy)) == [], one.line


def test_every_setting_of_a_signal_is_lowered_or_raised() -> None:
    rules = [type(Signals().of(kind)) for kind in SignalKind]
    settings = {name for rule in rules for name in rule.model_fields} - {"enabled", "severity"}
    assert settings == {*LOWERED, *RAISED}
    assert not set(LOWERED) & set(RAISED)


@pytest.mark.parametrize(
    ("beginning", "expected"),
    [
        ("signals.case_stuck", ["severity = high", "no_progress_for = 12h", "no_progress_for = 6h"]),
        ("signals.response_overdue", ["severity = critical"]),
        ("signals.case_bounced", ["severity = high", "reassignments = 2", "reassignments = 1"]),
        ("signals.response_due", ["severity = high", "warn_before = 4h", "warn_before = 8h"]),
        ("signals.satisfaction_low", ["severity = critical", "at_most = 0.7", "at_most = 0.85"]),
        ("rises.many_signals", [" = 2"]),
        ("rises.large_amount.USD", [" = 500000", " = 250000"]),
        ("rises.request_after_bad_contact", []),
        ("age", ["ring_within = 6d", "ring_within = 12d"]),
        ("teams", []),
    ],
)
def test_thresholds_are_halved_twice_and_severity_goes_up_once(beginning: str, expected: list[str]) -> None:
    found = [line.removeprefix(beginning).removeprefix(".") for line in lines(shipped(), beginning)]
    assert [line for line in found if not line.startswith("customers_turn_for")] == expected


def test_a_signal_that_is_off_can_only_be_switched_on() -> None:
    policy = with_line("[signals.case_stuck]", "[signals.case_stuck]\nenabled = false")
    assert lines(policy, "signals.case_stuck") == ["signals.case_stuck.enabled = true"]


def test_a_value_that_a_policy_must_not_have_is_left_out() -> None:
    policy = with_line("contacts = 3", "contacts = 2")
    assert lines(policy, "signals.contact_repeated.contacts") == []


def test_a_span_of_odd_minutes_is_rounded_up() -> None:
    policy = with_line('answer_within = "4h"', 'answer_within = "45m"')
    beginning = "signals.contact_dead_ended.answer_within = "
    assert [one.removeprefix(beginning) for one in lines(policy, beginning)] == ["23m", "12m"]


def test_a_team_that_only_observes_can_take_part() -> None:
    modes = 'default = "observe"\nmodes = { mona = "manager_only", otto = "on" }'
    policy = with_line('default = "on"', modes)
    assert lines(policy, "teams") == ["teams.default = on", "teams.modes.mona = on"]
