"""Why a person is notified now, in the words for each reader."""

import pytest

from services.escalation.domain.words import Before, again_words, cause_words, relapse_words, went_on_words
from shared.contracts.escalation import RingCause

JONAS = Before("Jonas Keller", "at 14:03")
ME = Before("Jonas Keller", "at 14:03", is_reader=True)
HAD_IT = Before("Jonas Keller", "at 14:03", until="15:10")
I_HAD_IT = Before("Jonas Keller", "at 14:03", is_reader=True, until="15:10")


@pytest.mark.parametrize(
    ("cause", "before", "said"),
    [
        (RingCause.STEP, JONAS, "Jonas Keller was notified at 14:03 and did not respond."),
        (RingCause.STEP, ME, "You were notified at 14:03 and did not respond."),
        (RingCause.STEP, None, "No one notified before you has responded."),
        (RingCause.UNREDEEMED, JONAS, "Jonas Keller acknowledged it and did not reach the customer in time."),
        (RingCause.UNREDEEMED, HAD_IT, "Jonas Keller had it until 15:10 and did not reach the customer in time."),
        (
            RingCause.REPEAT,
            I_HAD_IT,
            "You had it until 15:10 and did not reach the customer in time. There is no one else to ask.",
        ),
        (RingCause.REPEAT, ME, "You were notified at 14:03 and did not respond. There is no one else to ask."),
        (RingCause.REPEAT, None, "There is no one else to ask."),
        (RingCause.NOT_MINE, JONAS, "Jonas Keller passed it on."),
        (RingCause.UNAVAILABLE, JONAS, "Jonas Keller is no longer available."),
        (RingCause.SEVERITY, JONAS, "Severity went up."),
        (RingCause.SIGNAL, None, None),
        (RingCause.HANDED_OVER, JONAS, None),
    ],
)
def test_the_recipient_reads_about_the_person_notified_before(
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
        (RingCause.REPEAT, ME, None),
        (RingCause.REPEAT, None, None),
        (RingCause.SIGNAL, None, None),
    ],
)
def test_everyone_else_reads_why_another_person_has_it(
    cause: RingCause, before: Before | None, said: str | None
) -> None:
    assert went_on_words(cause, before, "Lea Brandt") == said


def test_a_person_to_be_notified_later_is_not_described_as_notified() -> None:
    words = went_on_words(RingCause.STEP, JONAS, "Lea Brandt", held_until="on 29 Nov at 08:00")
    assert words == "Jonas Keller did not respond in time, so Lea Brandt will be notified on 29 Nov at 08:00."


@pytest.mark.parametrize(
    "cause",
    [cause for cause in RingCause if cause not in (RingCause.SIGNAL, RingCause.HANDED_OVER, RingCause.REASSIGNED)],
)
def test_every_other_cause_has_its_words(cause: RingCause) -> None:
    assert cause_words(cause, None)


def test_a_former_holder_reads_what_ended_their_acknowledgement() -> None:
    assert again_words(RingCause.SEVERITY, "11:34") == (
        "You have had this since 11:34. Severity went up, so please acknowledge it once more."
    )
    assert again_words(RingCause.SNOOZE_ENDED, "11:34") is None


@pytest.mark.parametrize(
    ("reason", "given", "said"),
    [
        ("We agreed on a discount", "€150.00", "we agreed on a discount; €150.00 given away"),
        ("We agreed on a discount", None, "we agreed on a discount"),
        ("VIP treatment", None, "VIP treatment"),
        ("I called", None, "I called"),
    ],
)
def test_a_relapse_names_the_person_the_reason_and_the_money(reason: str, given: str | None, said: str) -> None:
    words = f"Paul Weber closed it as saved at 14:10 ({said}), but that did not last."
    assert relapse_words("Paul Weber", "at 14:10", reason, given) == words
