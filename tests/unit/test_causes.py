"""Why somebody is notified now, as each reader is to read it."""

import pytest

from services.escalation.domain.words import Before, cause_words, went_on_words
from shared.contracts.escalation import RingCause

JONAS = Before("Jonas Keller", "14:03")
ME = Before("Jonas Keller", "14:03", is_reader=True)


@pytest.mark.parametrize(
    ("cause", "before", "said"),
    [
        (RingCause.STEP, JONAS, "Jonas Keller was notified at 14:03 and did not respond."),
        (RingCause.STEP, ME, "You were notified at 14:03 and did not respond."),
        (RingCause.STEP, None, "No one notified before you has responded."),
        (RingCause.UNREDEEMED, JONAS, "Jonas Keller acknowledged it and did not reach the customer in time."),
        (RingCause.NOT_MINE, JONAS, "Jonas Keller passed it on."),
        (RingCause.UNAVAILABLE, JONAS, "Jonas Keller is no longer available."),
        (RingCause.SEVERITY, JONAS, "Severity went up."),
        (RingCause.SIGNAL, None, None),
        (RingCause.HANDED_OVER, JONAS, None),
    ],
)
def test_whoever_is_notified_reads_what_became_of_the_person_before(
    cause: RingCause, before: Before | None, said: str | None
) -> None:
    assert cause_words(cause, before) == said


@pytest.mark.parametrize(
    ("cause", "before", "said"),
    [
        (RingCause.STEP, ME, "You did not respond in time, so Lea Brandt was notified."),
        (RingCause.UNREDEEMED, JONAS, "Jonas Keller did not reach the customer in time, so Lea Brandt was notified."),
        (RingCause.NOT_MINE, ME, "You passed it on, so Lea Brandt was notified."),
        (RingCause.UNAVAILABLE, ME, "You are no longer available, so Lea Brandt was notified."),
        (RingCause.REPEAT, None, None),
        (RingCause.SIGNAL, None, None),
    ],
)
def test_everybody_else_reads_why_it_is_with_another(cause: RingCause, before: Before | None, said: str | None) -> None:
    assert went_on_words(cause, before, "Lea Brandt") == said


@pytest.mark.parametrize("cause", set(RingCause) - {RingCause.SIGNAL, RingCause.HANDED_OVER})
def test_every_other_cause_has_its_words(cause: RingCause) -> None:
    assert cause_words(cause, None)
