"""What to say, by the person who says it."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.escalation.domain.plays import Voice, advice, check_in_lines, must_not_be_called
from services.escalation.domain.policy.document import read, shipped_text
from services.escalation.domain.policy.errors import PolicyErrors
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.stakes import Amount
from services.escalation.domain.words import Risk
from shared.contracts.escalation import SignalKind, Step
from shared.contracts.support_inbound import ContactPreference
from tests.builders import AT

POLICY = Policies.shipped().latest.policy
PLAYS = POLICY.plays.by_signal
SELLER = Voice("anna", "Anna Berg", Step.SELLER, "anna", "Anna Berg")
BACKUP = Voice("ben", "Ben Ortiz", Step.BACKUP, "anna", "Anna Berg")
MANAGER = Voice("mona", "Mona Adler", Step.MANAGER, "anna", "Anna Berg")
DESK = Voice("desk", "Sales desk", Step.DESK, "anna", "Anna Berg")


def said(voice: Voice, kind: SignalKind = SignalKind.CONTACT_DEAD_ENDED, *, policy: Policy = POLICY) -> tuple[str, ...]:
    found = advice([Risk(kind, AT)], voice, preference=ContactPreference.NONE, order=Amount(100, "EUR"), policy=policy)
    assert found is not None
    return found.say


def test_the_seller_speaks_as_the_seller() -> None:
    assert said(SELLER) == (
        "This is Anna Berg. I'm calling about your order.",
        *PLAYS[SignalKind.CONTACT_DEAD_ENDED].say,
    )
    assert "bought from me" in said(SELLER)[1]


@pytest.mark.parametrize(
    ("voice", "first"),
    [
        (SELLER, "This is Anna Berg from Example Ltd. I'm calling about your order."),
        (replace(BACKUP, seller_left=True), "This is Ben Ortiz from Example Ltd. Anna Berg has left the company,"),
        (DESK, "This is [your name] from the sales team at Example Ltd. I'm calling about the order"),
    ],
    ids=["seller", "backup", "desk"],
)
def test_callers_say_where_they_are_from_once_the_company_has_a_name(voice: Voice, first: str) -> None:
    named = read(shipped_text().replace('# name = "Example Ltd"', 'name = "Example Ltd"'))
    assert said(voice, policy=named)[0].startswith(first)


def test_who_checks_in_says_where_they_are_from_too() -> None:
    named = read(shipped_text().replace('# name = "Example Ltd"', 'name = "Example Ltd"'))
    assert check_in_lines("Anna Berg", named) == (
        "This is Anna Berg from Example Ltd. I'm calling about your order.",
        *named.duties.say,
    )


def test_the_possessive_of_a_name_is_the_same_everywhere() -> None:
    assert "Chris Jones' team" in said(replace(MANAGER, seller_name="Chris Jones"))[0]


@pytest.mark.parametrize(
    ("voice", "first"),
    [
        (BACKUP, "This is Ben Ortiz. I'm calling on behalf of Anna Berg, who looks after your order."),
        (MANAGER, "This is Mona Adler. I manage Anna Berg's team, and I'm calling about your order."),
        (DESK, "This is [your name] from the sales team. I'm calling about the order you placed with Anna Berg."),
        (
            Voice("desk", "Sales desk", Step.DESK, None, None),
            "This is [your name] from the sales team. I'm calling about your order.",
        ),
        (
            Voice("eva", "Eva Winter", Step.SELLER, "anna", "Anna Berg", handed_on=True),
            "This is Eva Winter from the sales team. I'm calling about the order you placed with Anna Berg.",
        ),
        (
            replace(BACKUP, seller_left=True),
            "This is Ben Ortiz. Anna Berg has left the company, and I'm calling in their place.",
        ),
        (
            replace(DESK, seller_left=True),
            "This is [your name]. Anna Berg has left the company, and I'm calling in their place.",
        ),
    ],
    ids=[
        "backup",
        "manager",
        "desk",
        "nobody sold it",
        "the account is with somebody else now",
        "the seller has left",
        "the seller has left, and it is with the desk",
    ],
)
def test_everyone_else_introduces_themselves_first(voice: Voice, first: str) -> None:
    assert said(voice)[0] == first


@pytest.mark.parametrize("kind", PLAYS)
@pytest.mark.parametrize("voice", [BACKUP, MANAGER, DESK], ids=["backup", "manager", "desk"])
def test_no_one_else_claims_the_sellers_actions(voice: Voice, kind: SignalKind) -> None:
    text = " ".join(said(voice, kind))
    for claim in ("bought from me", "I promised", "time we spoke", "I sold"):
        assert claim not in text


@pytest.mark.parametrize(
    ("expected_on", "reported"),
    [
        pytest.param(date(2026, 5, 6), "We now expect it on 6 May.", id="the new day"),
        pytest.param(None, "I don't have a new date for it yet.", id="no day is known"),
    ],
)
def test_a_late_deliverys_play_names_a_known_day(expected_on: date | None, reported: str) -> None:
    late = Risk(SignalKind.DELIVERY_LATE, AT, expected_on=expected_on)
    found = advice([late], SELLER, preference=ContactPreference.NONE, order=Amount(100, "EUR"), policy=POLICY)
    assert found is not None
    text = " ".join(found.say)
    assert reported in text
    assert "{" not in text
    assert "hear it from me first" not in text, "the customer may have asked already"


@pytest.mark.parametrize(
    ("about", "reported"),
    [
        pytest.param(
            "“Calibration visit”", "I made you a promise: ‘Calibration visit’.", id="in the words of the sale"
        ),
        pytest.param(
            "“We will train your staff.”", "a promise: ‘We will train your staff’.", id="a sentence of the sale"
        ),
        pytest.param(None, "I made you a promise: [what was promised].", id="these are erased"),
    ],
)
def test_a_missed_promise_is_named(about: str | None, reported: str) -> None:
    missed = Risk(SignalKind.PROMISE_MISSED, AT, about=about)
    found = advice([missed], SELLER, preference=ContactPreference.NONE, order=Amount(100, "EUR"), policy=POLICY)
    assert found is not None
    text = " ".join(found.naming(missed.about).say)
    assert reported in text
    assert "{" not in text


@pytest.mark.parametrize(
    ("own", "reported"),
    [
        pytest.param("I'm sorry that it is late.", "I'm sorry that it is late.", id="one that names no day"),
        pytest.param("We expect it on {day}.", "I don't have a new date for it yet.", id="one that cannot be said"),
    ],
)
def test_a_companys_play_is_used_without_a_day_if_it_names_none(own: str, reported: str) -> None:
    by_signal = {**PLAYS, SignalKind.DELIVERY_LATE: PLAYS[SignalKind.DELIVERY_LATE].model_copy(update={"say": (own,)})}
    plays = POLICY.plays.model_copy(update={"by_signal": by_signal, "late_without_day": None})
    policy = POLICY.model_copy(update={"plays": plays})
    late = Risk(SignalKind.DELIVERY_LATE, AT)
    found = advice([late], SELLER, preference=ContactPreference.NONE, order=Amount(100, "EUR"), policy=policy)
    assert found is not None
    assert reported in " ".join(found.say)


def test_a_document_need_not_have_a_play_for_a_late_delivery_without_a_day() -> None:
    before, _, after = shipped_text().partition("[plays.late_without_day]")
    assert read(before + after[after.index("[plays.") :]).plays.late_without_day is None


@pytest.mark.parametrize(
    ("line", "changed", "path", "allowed"),
    [
        pytest.param(
            '    "We now expect it on {day}. Will that cause you any problems?",',
            '    "We expect it on {date} now.",',
            "plays.by_signal.delivery_late.say[1]",
            "must have only {day} in braces",
            id="another name",
        ),
        pytest.param(
            '    "I\'ll find out what I can and call you back today, whatever happens. When would suit you?",',
            '    "It comes on {day}.",',
            "plays.late_without_day.say[2]",
            "must not use braces: only the lines of delivery_late have a {day}, and those of promise_missed a "
            "{promise}",
            id="no day is known there",
        ),
        pytest.param(
            '    "Here is what went wrong: [reason]. You will have it by [date].",',
            '    "It comes on {day}.",',
            "plays.by_signal.promise_missed.say[1]",
            "must have only {promise} in braces",
            id="a promise has no day",
        ),
        pytest.param(
            'offer = "a free hour with a specialist, to get that result from what they already have."',
            'offer = "An hour on {day}."',
            "plays.by_signal.outcome_denied.offer",
            "must not use braces",
            id="an offer",
        ),
    ],
)
def test_braces_stand_for_what_is_known(line: str, changed: str, path: str, allowed: str) -> None:
    text = shipped_text()
    number = text.splitlines().index(line) + 1
    with pytest.raises(PolicyErrors) as wrong:
        read(text.replace(line, changed, 1))
    assert [str(error) for error in wrong.value.errors] == [f"line {number}, {path}: {allowed}"]


def test_the_reminder_of_a_promised_call_comes_an_hour_before_it_at_most() -> None:
    text = shipped_text()
    number = text.splitlines().index('remind_before = "5m"') + 1
    assert read(text.replace('remind_before = "5m"', 'remind_before = "1h"'))
    with pytest.raises(PolicyErrors) as wrong:
        read(text.replace('remind_before = "5m"', 'remind_before = "61m"'))
    assert str(wrong.value) == f"line {number}, acknowledgement.remind_before: must be at most 1h"


@pytest.mark.parametrize(
    ("preference", "known", "words"),
    [
        (
            ContactPreference.DO_NOT_CALL,
            {},
            "This customer asked not to be called. "
            "E-mail them instead; when they reply, press “I reached them by e-mail”.",
        ),
        (
            ContactPreference.DO_NOT_CALL,
            {"address": False},
            "This customer asked not to be called. "
            "We have no e-mail address for them; ask support how to contact them in writing.",
        ),
        (
            ContactPreference.DISPUTE,
            {},
            "This customer is in a dispute with us. Do not call or write to them. "
            "Close this when it has been dealt with.",
        ),
        (
            ContactPreference.DECEASED,
            {"contact": "Jonas Weiss"},
            "This customer has died. Contact Jonas Weiss, who got in touch about this order.",
        ),
        (
            ContactPreference.DECEASED,
            {},
            "This customer has died. Do not call or write to them. "
            "Ask support whom to contact, and close this when it has been dealt with.",
        ),
    ],
)
def test_who_must_not_be_called_is_not_mentioned_as_one_to_call(
    preference: ContactPreference, known: dict[str, Any], words: str
) -> None:
    assert must_not_be_called(preference, **known) == words


def test_an_introduction_names_no_one_else() -> None:
    line = "This is {me} from {company}. I manage {seller}'s team, and I'm calling about your order."
    with pytest.raises(PolicyErrors, match=r"manager: must have only \{me\}, \{seller\} and \{company\} in braces"):
        read(shipped_text().replace(line, line.replace("{me}", "{boss}")))
    with pytest.raises(PolicyErrors, match=r'manager: must have "from" or "at" before \{company\}'):
        read(shipped_text().replace(line, line.replace("from {company}", "of {company}")))
