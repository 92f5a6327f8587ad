"""Signals from contacts: dead ends, unreturned calls, repeated contacts, customers who go quiet.

Each test case lists facts, and when the signals began and were cleared, in hours.
"""

from typing import Any

import pytest

from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.thresholds import Thresholds
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.signals.find import detections
from shared.contracts.escalation import SignalKind
from tests.unit.accounts import RoundTheClock, Twice, fact, hours, inbound, of_kind, outbound, reached, reported, rules

Reported = list[tuple[float, float | None]]

RESOLVED = FactKind.CASE_RESOLVED
OPENED = fact(FactKind.CASE_OPENED, 0, case="k", order="4711")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([inbound(1, "dead_end")], [(1, None)], id="a contact ends as a dead end"),
        pytest.param([outbound(1, "dead_end")], [(1, None)], id="one of ours too"),
        pytest.param([inbound(1, "dead_end", courtesy=True)], [], id="a courtesy does not"),
        pytest.param([inbound(1, "dead_end", case="k"), outbound(2, case="k")], [(1, 2)], id="talked on the case"),
        pytest.param([inbound(1, "dead_end", case="k"), outbound(1, case="k")], [(1, None)], id="talked just then"),
        pytest.param(
            [inbound(1, "dead_end", case="k"), outbound(2, case="l")], [(1, None)], id="talked on another case"
        ),
        pytest.param([inbound(1, "dead_end", case="k"), outbound(2)], [(1, None)], id="talked on no case"),
        pytest.param(
            [inbound(1, "dead_end", case="k"), outbound(2, "voicemail", case="k")], [(1, None)], id="voicemail"
        ),
        pytest.param(
            [inbound(1, "dead_end", case="k"), inbound(2, "resolved", case="k")], [(1, 2)], id="resolved in a talk"
        ),
        pytest.param(
            [inbound(1, "dead_end", case="k"), fact(RESOLVED, 2, case="k")], [(1, None)], id="never by case_resolved"
        ),
        pytest.param(
            [inbound(1, "dead_end", case="k"), fact(FactKind.CASE_CLOSED, 2, case="k")],
            [(1, None)],
            id="nor case_closed",
        ),
        pytest.param(
            [OPENED, inbound(1, "dead_end", case="k"), reached(2, order="4711")], [(1, 2)], id="reached for its order"
        ),
        pytest.param(
            [OPENED, inbound(1, "dead_end", case="k"), reached(2, order="4712")], [(1, None)], id="for another order"
        ),
        pytest.param([inbound(1, "dead_end"), outbound(2)], [(1, 2)], id="without a case: talked"),
        pytest.param([inbound(1, "dead_end"), outbound(2, case="k")], [(1, None)], id="without a case: not on a case"),
        pytest.param([inbound(1, "dead_end", order="4711"), outbound(2, order="4711")], [(1, 2)], id="on its order"),
        pytest.param([inbound(1, "dead_end", order="4711"), outbound(2)], [(1, 2)], id="on no order"),
        pytest.param(
            [inbound(1, "dead_end", order="4711"), outbound(2, order="4712")], [(1, None)], id="on another order"
        ),
        pytest.param([inbound(1, "dead_end"), reached(2, order="4711")], [(1, 2)], id="without a case: reached"),
        pytest.param([inbound(2, "dead_end"), outbound(1)], [(2, None)], id="talked before"),
    ],
)
def test_a_dead_end_is_a_signal_until_a_talk(facts: list[AccountFact], expected: Reported) -> None:
    assert reported(SignalKind.CONTACT_DEAD_ENDED, *facts) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([inbound(1), inbound(3)], [7], id="the first is of a time when nobody asked"),
        pytest.param([inbound(1), inbound(1.5), inbound(3), inbound(4)], [7], id="the first ones are"),
        pytest.param([inbound(1), outbound(2.5), inbound(3)], [7], id="a talk between"),
        pytest.param([inbound(1), inbound(3), outbound(3)], [], id="a talk in the same moment"),
        pytest.param([inbound(1), inbound(3), outbound(4)], [], id="a talk in time"),
        pytest.param([inbound(1), inbound(1.5)], [], id="all are"),
    ],
)
def test_the_first_unanswered_call_since_the_signal_was_enabled_is_judged(
    facts: list[AccountFact], expected: list[float]
) -> None:
    off = Thresholds(rules(only=SignalKind.CASE_STUCK), RoundTheClock())
    on = Thresholds(rules(only=SignalKind.CONTACT_DEAD_ENDED), RoundTheClock())
    found = detections(History(facts), lambda at: off if at < hours(2) else on)
    assert [detection.at for detection in found] == [hours(at) for at in expected]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([inbound(1)], [(5, None)], id="nobody answered"),
        pytest.param([inbound(1, "voicemail")], [(5, None)], id="a voicemail"),
        pytest.param([inbound(1, courtesy=True)], [], id="a courtesy asks for no answer"),
        pytest.param([outbound(1, "unanswered")], [], id="one of ours that the customer did not answer"),
        pytest.param([inbound(1), outbound(4.9)], [], id="called back in time"),
        pytest.param([inbound(1), outbound(5)], [], id="called back in the last moment"),
        pytest.param([inbound(1), outbound(5.1)], [(5, 5.1)], id="called back too late"),
        pytest.param([inbound(1), outbound(1)], [], id="called back within the same moment"),
        pytest.param([inbound(1), outbound(2, "voicemail")], [(5, None)], id="a voicemail is no call-back"),
        pytest.param([inbound(1, case="k"), outbound(2, case="l", channel="chat")], [], id="on any case and channel"),
        pytest.param([inbound(1), inbound(2, "answered")], [], id="the customer got through"),
        pytest.param([inbound(1), outbound(2, courtesy=True)], [(5, None)], id="an automatic reply is no answer"),
        pytest.param([inbound(1), reached(3)], [], id="a salesperson reached them"),
        pytest.param([inbound(1), inbound(2), inbound(9)], [(5, None)], id="tried again: still the first one"),
        pytest.param([inbound(1), outbound(6), inbound(7)], [(5, 6), (11, None)], id="again after a talk"),
        pytest.param(
            [inbound(1, case="k"), fact(RESOLVED, 2, case="k")], [(5, None)], id="never ended by case_resolved"
        ),
    ],
)
def test_an_unreturned_call_is_a_dead_end(facts: list[AccountFact], expected: Reported) -> None:
    assert reported(SignalKind.CONTACT_DEAD_ENDED, *facts) == expected
    assert all(detection.by_silence for detection in of_kind(SignalKind.CONTACT_DEAD_ENDED, *facts))


def test_a_call_is_returned_within_working_time() -> None:
    late = of_kind(SignalKind.CONTACT_DEAD_ENDED, inbound(1), outbound(9.5), working=Twice())
    assert [detection.at for detection in late] == [hours(9)]
    assert not of_kind(SignalKind.CONTACT_DEAD_ENDED, inbound(1), outbound(9), working=Twice())


def test_a_silence_begins_with_an_earlier_call_reported_late() -> None:
    (before,) = of_kind(SignalKind.CONTACT_DEAD_ENDED, inbound(2))
    (after,) = of_kind(SignalKind.CONTACT_DEAD_ENDED, inbound(2), inbound(1))
    assert (after.at, after.cause.at) == (hours(5), hours(1))
    assert before.signal_id != after.signal_id


def on_case(*at: float, result: str = "answered") -> list[AccountFact]:
    return [inbound(one, result, case="k") for one in at]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(on_case(1, 2), [], id="twice"),
        pytest.param(on_case(1, 2, 3), [(3, None)], id="three times"),
        pytest.param(on_case(1, 2, 3, 4, 5), [(3, None)], id="more often is still one signal"),
        pytest.param(on_case(1, 2, 25), [(25, None)], id="within the window to the moment"),
        pytest.param(on_case(1, 2, 25.1), [], id="a moment too late"),
        pytest.param(on_case(1, 24, 26, 27), [(27, None)], id="the second try begins a window of its own"),
        pytest.param([*on_case(1, 2), outbound(3, case="k")], [], id="our own calls do not count"),
        pytest.param([*on_case(1, 2), inbound(3, case="k", courtesy=True)], [], id="a courtesy does not count"),
        pytest.param([*on_case(1, 2), inbound(3, case="l")], [], id="another case"),
        pytest.param([*on_case(1, 2), inbound(3)], [], id="no case"),
        pytest.param([*on_case(1, 2), inbound(3, "resolved", case="k")], [], id="the third resolved it"),
        pytest.param([*on_case(1, 2, 4), fact(RESOLVED, 3, case="k")], [], id="resolved in between"),
        pytest.param([*on_case(1, 2, 4), fact(FactKind.CASE_CLOSED, 3, case="k")], [], id="closed in between"),
        pytest.param(
            [*on_case(1, 2, 4), fact(RESOLVED, 3, case="l")], [(4, None)], id="another case resolved in between"
        ),
        pytest.param([*on_case(1, 2, 3), fact(RESOLVED, 4, case="k")], [(3, 4)], id="cleared by case_resolved"),
        pytest.param([*on_case(1, 2, 3), fact(FactKind.CASE_CLOSED, 4, case="k")], [(3, 4)], id="by case_closed"),
        pytest.param(
            [*on_case(1, 2, 3), outbound(4, "resolved", case="k")], [(3, 4)], id="by a contact that resolved it"
        ),
        pytest.param([*on_case(1, 2, 3), outbound(4, case="k")], [(3, None)], id="not by a talk"),
        pytest.param(
            [*on_case(1, 2, 3), fact(RESOLVED, 4, case="k"), *on_case(5, 6, 7)], [(3, 4), (7, None)], id="again"
        ),
        pytest.param([inbound(1), inbound(2), inbound(3)], [(3, None)], id="without a case"),
        pytest.param([inbound(1), inbound(2), outbound(3)], [], id="without a case: our own do not count"),
        pytest.param([inbound(1), inbound(2), outbound(2.5), inbound(3)], [], id="without a case: talked in between"),
        pytest.param([inbound(1), inbound(2), outbound(2.5, case="k"), inbound(3)], [(3, None)], id="talked on a case"),
        pytest.param(
            [inbound(1), inbound(2), inbound(3), outbound(4)], [(3, 4)], id="without a case: cleared by a talk"
        ),
    ],
)
def test_repeated_contacts_about_one_matter_are_a_signal(facts: list[AccountFact], expected: Reported) -> None:
    assert reported(SignalKind.CONTACT_REPEATED, *facts) == expected


def test_repeated_contacts_begin_with_the_first_of_them() -> None:
    (detection,) = of_kind(SignalKind.CONTACT_REPEATED, *on_case(1, 2, 3))
    assert detection.cause.at == hours(1)


def test_a_case_that_was_resolved_before_makes_another_signal() -> None:
    (before,) = of_kind(SignalKind.CONTACT_REPEATED, *on_case(1, 2, 3))
    (after,) = of_kind(SignalKind.CONTACT_REPEATED, *on_case(1, 2, 3), fact(RESOLVED, 0.5, case="k"))
    assert before.signal_id != after.signal_id


LOW = fact(FactKind.RATED, 1, number=200, case="k")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([inbound(1)], [(49, None)], id="nobody answered, and then silence"),
        pytest.param([inbound(1, "dead_end")], [(49, None)], id="a dead end, and then silence"),
        pytest.param([LOW], [(49, None)], id="a low rating, and then silence"),
        pytest.param([fact(FactKind.RATED, 1, number=600)], [], id="a rating that is fine"),
        pytest.param([inbound(1, "answered")], [], id="a good contact"),
        pytest.param([outbound(1, "unanswered")], [], id="one of ours"),
        pytest.param([inbound(1), inbound(49)], [(97, None)], id="tried again in the last moment: silence begins anew"),
        pytest.param([inbound(1), inbound(49.1)], [(49, 49.1), (97.1, None)], id="tried again after it"),
        pytest.param([inbound(1), outbound(49)], [], id="talked in time"),
        pytest.param([inbound(1), outbound(50)], [(49, 50)], id="talked too late"),
        pytest.param([inbound(1), outbound(10, "voicemail")], [(49, None)], id="our voicemail breaks no silence"),
        pytest.param([inbound(1), inbound(10, "answered", courtesy=True)], [(49, None)], id="nor does a courtesy"),
        pytest.param([inbound(1), reached(20)], [], id="a salesperson reached them"),
        pytest.param([LOW, fact(RESOLVED, 20, case="k")], [], id="its case was resolved"),
        pytest.param([LOW, fact(RESOLVED, 20, case="l")], [(49, None)], id="another case was resolved"),
        pytest.param([LOW, fact(RESOLVED, 60, case="k")], [(49, None)], id="not cleared by resolving"),
        pytest.param([LOW, fact(FactKind.RATED, 10, number=400)], [(58, None)], id="rated low again: the last counts"),
        pytest.param([LOW, fact(FactKind.RATED, 10, number=800)], [(49, None)], id="rated better: still silence"),
    ],
)
def test_a_bad_contact_followed_by_silence_is_a_customer_gone_quiet(
    facts: list[AccountFact], expected: Reported
) -> None:
    assert reported(SignalKind.GONE_QUIET, *facts) == expected


@pytest.mark.parametrize(
    ("kind", "raised", "late"),
    [
        pytest.param(SignalKind.CONTACT_DEAD_ENDED, [inbound(1)], outbound(3), id="contact_dead_ended"),
        pytest.param(SignalKind.CONTACT_REPEATED, on_case(1, 2, 4), fact(RESOLVED, 3, case="k"), id="contact_repeated"),
        pytest.param(SignalKind.GONE_QUIET, [inbound(1)], outbound(3), id="gone_quiet"),
    ],
)
def test_a_timely_fact_reported_late_withdraws_the_signal(
    kind: SignalKind, raised: list[AccountFact], late: AccountFact
) -> None:
    assert of_kind(kind, *raised)
    assert not of_kind(kind, *raised, late)


# Conversations.


def line(at: float, **more: Any) -> AccountFact:
    """A line of a chat, some minutes after AT, on a case unless another place is named."""
    return inbound(at / 60, **({"channel": "chat", "result": "answered", "case": "k"} | more))


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        pytest.param([line(0), line(1), line(2)], 1, id="three lines of one chat"),
        pytest.param([line(0), line(30), line(60)], 1, id="each half an hour after the one before"),
        pytest.param([line(0), line(31), line(62)], 3, id="each later than half an hour"),
        pytest.param([line(0), line(31), line(40)], 2, id="two conversations"),
        pytest.param([line(0), line(20, direction="outbound"), line(40)], 1, id="our own lines are lines"),
        pytest.param([line(0), line(1, channel="message"), line(2, channel="web")], 3, id="on three channels"),
        pytest.param([line(0, channel="phone"), line(10, channel="phone"), line(25, channel="phone")], 3, id="calls"),
        pytest.param([line(0, channel="email"), line(1, channel="email"), line(2, channel="email")], 3, id="mails"),
        pytest.param(
            [line(at, channel="phone", conversation="c-1") for at in (0, 10, 100)], 1, id="calls of one conversation"
        ),
        pytest.param(
            [line(at, conversation=f"c-{at}") for at in (0, 1, 2)], 3, id="conversations that are named apart"
        ),
        pytest.param([line(0), line(1, case="l"), line(2)], 1, id="another matter"),
    ],
)
def test_lines_of_one_conversation_are_one_contact(lines: list[AccountFact], count: int) -> None:
    calls = [line(at, channel="phone") for at in (400, 500)]
    assert bool(reported(SignalKind.CONTACT_REPEATED, *lines)) == (count >= 3)
    assert bool(reported(SignalKind.CONTACT_REPEATED, *lines, calls[0])) == (count >= 2)
    assert bool(reported(SignalKind.CONTACT_REPEATED, *lines, *calls)) == (count >= 1)


def test_lines_without_a_case_are_counted_alike() -> None:
    lines = [line(at, case=None, result="unanswered") for at in (0, 1, 2)]
    assert reported(SignalKind.CONTACT_REPEATED, *lines) == []
    assert len(reported(SignalKind.CONTACT_REPEATED, *lines, *(inbound(at) for at in (5, 6)))) == 1


def test_a_conversation_counts_once_and_each_of_its_lines_waits_for_an_answer() -> None:
    lines = [line(0), line(1, result="unanswered"), line(2, result="dead_end")]
    ends = [one.at for one in of_kind(SignalKind.CONTACT_DEAD_ENDED, *lines)]
    assert ends == [hours(2 / 60), hours(4 + 1 / 60)]
