"""Why an order needs attention now: its signals in words. Start at `why_now`."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.escalation.domain.formatting import date_words, when
from services.escalation.domain.risk import Risk
from services.escalation.domain.signals import SIGNALS


@dataclass(frozen=True, slots=True)
class WhyNow:
    """The signal that an episode is about, its time, and the signals before and after it."""

    what: str
    at: datetime
    context: str
    label: str

    def sentence(self, now: datetime) -> str:
        """ "Refund of €480.00 requested 6 min ago, after a dead end." """
        return f"{self.what} {when(self.at, now)}{self.context}."


def why_now(risks: Sequence[Risk], main: Risk, *, due: Callable[[datetime], str] | None = None) -> WhyNow:
    """Why an episode with these signals needs attention now; `main` is the signal that it is about.

    `due` says for the reader when something is due: "is due at 16:00".
    """
    ordered = sorted(risks, key=lambda risk: risk.at)
    place = ordered.index(main)
    context = _joined(", after ", ordered[:place]) + _joined("; since then ", ordered[place + 1 :])
    if main.due_at is not None and due is not None:
        context += f". It {due(main.due_at)}"
    return WhyNow(headline(main), main.at, context + _expected(main), label(main))


def _expected(risk: Risk) -> str:
    return f". It is now expected on {date_words(risk.expected_on, risk.at.date())}" if risk.expected_on else ""


def label(risk: Risk) -> str:
    """A signal in two or three words, as in a list; for a refund request its kind, and whether it was executed."""
    signal = SIGNALS[risk.kind]
    return (signal.label_of(risk) if signal.label_of else None) or signal.label


SIGNAL_LABELS = {kind: signal.label for kind, signal in SIGNALS.items()}
"""The labels in the records of decisions."""


def headline(risk: Risk) -> str:
    """The beginning of a sentence about a signal; its time follows."""
    return SIGNALS[risk.kind].headline(risk)


def _counted(risk: Risk) -> tuple[str, str]:
    """The words for one such signal, and for several."""
    signal = SIGNALS[risk.kind]
    return (signal.counted_of(risk) if signal.counted_of else None) or signal.counted


def _joined(lead: str, risks: Sequence[Risk]) -> str:
    """The signals in words, each kind at its first occurrence; `risks` are in the order of time."""
    numbers = Counter(_counted(risk) for risk in risks)
    parts = [one if number == 1 else f"{number} {several}" for (one, several), number in numbers.items()]
    if not parts:
        return ""
    return lead + (parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}")
