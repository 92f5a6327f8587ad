"""One step of the ladder."""

from dataclasses import dataclass

from services.escalation.domain.entities import Salesperson
from shared.contracts.escalation import Step


@dataclass(frozen=True, slots=True)
class LadderStep:
    """One step of the ladder. `because` is a code of a bounded set; `why_you` is the sentence that this person reads.

    `skipped` gives the reason in words. A skipped step may name nobody; `why_you` is set only if a person is named.
    """

    step: Step
    salesperson_id: str | None
    because: str
    why_you: str
    skipped: str | None = None


def colleague(person: Salesperson | None, because: str, why_you: str) -> LadderStep | None:
    """A person beside the ladder who acknowledged the episode or is to take it over; None if they are not active."""
    if person is None or not person.active:
        return None
    return LadderStep(Step.COLLEAGUE, person.salesperson_id, because, why_you)
