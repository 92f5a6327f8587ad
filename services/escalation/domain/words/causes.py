"""Why a person is notified now, for the reader of a page or an e-mail. Start at `cause_words`."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.contracts.escalation import RingCause


@dataclass(frozen=True, slots=True)
class Before:
    """The person who had an episode before it went to the next person, or to the same person again.

    `notified` is when they were notified, such as "at 14:30", and `until` is until when they had it acknowledged, if
    they did. Both are by the reader's clock.
    """

    name: str
    notified: str | None = None
    is_reader: bool = False
    until: str | None = None

    @property
    def subject(self) -> str:
        return "You" if self.is_reader else self.name


_BY_THEMSELVES: Mapping[RingCause, str] = {
    RingCause.SEVERITY: "Severity went up.",
    RingCause.CONTACT: "The customer has contacted us again.",
    RingCause.SNOOZE_ENDED: "The snooze is over.",
    RingCause.APPOINTMENT: "This is a reminder of the call the customer was promised.",
    RingCause.INFORMED: "For your information: you were not at work when this was raised, so a colleague was notified.",
    RingCause.TAKEN_OVER: "For your information: nothing is due from you.",
    RingCause.APPROVAL: "You can approve it, approve another amount, or decline it.",
    RingCause.APPROVAL_ANSWERED: "This is the answer to your request for approval.",
}
_OF_SOMEBODY_UNKNOWN: Mapping[RingCause, str] = {
    RingCause.STEP: "No one notified before you has responded.",
    RingCause.UNREDEEMED: "The person who acknowledged it did not reach the customer in time.",
    RingCause.NOT_MINE: "It was passed on.",
    RingCause.UNAVAILABLE: "The person before you is no longer available.",
    RingCause.REPEAT: "There is no one else to ask.",
}

_ENDS_AN_ACKNOWLEDGEMENT: Mapping[RingCause, str] = {
    RingCause.SIGNAL: "Something new has happened",
    RingCause.SEVERITY: "Severity went up",
    RingCause.CONTACT: "The customer has contacted us again",
}


def promised_words(at: str) -> str:
    """The promised call in words, regardless of who promised it; `at` is such as "at 14:30"."""
    return f"The customer was promised a call {at}."


def relapse_words(by: str, at: str, reason: str, given: str | None) -> str:
    """Of an episode by which a save relapsed: who closed it as saved, `at` such as "at 14:30", why, and what they gave
    away for it, if anything."""
    why = f"{reason[0].lower()}{reason[1:]}" if reason[1:2].islower() else reason
    return f"{by} closed it as saved {at} ({why}{f'; {given} given away' if given else ''}), but that did not last."


def cause_words(cause: RingCause, before: Before | None) -> str | None:
    """The cause for the person notified now. A signal or a colleague's request to take over needs no further reason."""
    if before is None or cause not in _OF_SOMEBODY_UNKNOWN:
        return _BY_THEMSELVES.get(cause) or _OF_SOMEBODY_UNKNOWN.get(cause)
    match cause:
        case RingCause.STEP:
            return f"{_unanswered(before)}."
        case RingCause.UNREDEEMED:
            return f"{_unredeemed(before)}."
        case RingCause.REPEAT:
            return f"{_unredeemed(before) if before.until else _unanswered(before)}. There is no one else to ask."
        case RingCause.NOT_MINE:
            return f"{before.subject} passed it on."
        case _:
            return f"{before.subject} {'are' if before.is_reader else 'is'} no longer available."


def again_words(cause: RingCause, since: str) -> str | None:
    """For the person who had it until now: the reason for the end. None for a cause that ends no acknowledgement."""
    new = _ENDS_AN_ACKNOWLEDGEMENT.get(cause)
    return f"You have had this since {since}. {new}, so please acknowledge it once more." if new else None


def _unanswered(before: Before) -> str:
    at = f" {before.notified}" if before.notified else ""
    return f"{before.subject} {'were' if before.is_reader else 'was'} notified{at} and did not respond"


def _unredeemed(before: Before) -> str:
    had = f"had it until {before.until}" if before.until else "acknowledged it"
    return f"{before.subject} {had} and did not reach the customer in time"


def went_on_words(cause: RingCause, before: Before | None, to: str, *, held_until: str | None = None) -> str | None:
    """For all other readers: why this person has it now; they are notified only then, `held_until`: "at 14:30"."""
    if before is None or cause is RingCause.REPEAT or cause not in _OF_SOMEBODY_UNKNOWN:
        return None
    then = f"will be notified {held_until}" if held_until else "was notified"
    what = {
        RingCause.STEP: "did not respond in time",
        RingCause.UNREDEEMED: "did not reach the customer in time",
        RingCause.NOT_MINE: "passed it on",
    }.get(cause, f"{'are' if before.is_reader else 'is'} no longer available")
    return f"{before.subject} {what}, so {to} {then}."
