"""One step of the ladder."""

from dataclasses import dataclass

from services.escalation.domain.entities import Salesperson
from shared.contracts.escalation import Step


@dataclass(frozen=True, slots=True)
class LadderStep:
    """One step of the ladder. `because` is a code of a bounded set; `why_you` is the sentence this person reads.

    A ladder step that is `skipped` says so in words. It may name nobody, and only one that names a person has a
    `why_you`.
    """

    step: Step
    salesperson_id: str | None
    because: str
    why_you: str
    skipped: str | None = None


def colleague(person: Salesperson | None, because: str, why_you: str) -> LadderStep | None:
    """Somebody who is asked beside the ladder, as they took it or are to take it over; None if they are not with us."""
    if person is None or not person.active:
        return None
    return LadderStep(Step.COLLEAGUE, person.salesperson_id, because, why_you)
