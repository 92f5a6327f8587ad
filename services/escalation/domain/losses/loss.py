"""The questions that are asked when an episode is closed as lost. All are optional."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from shared.contracts.escalation import SaleContribution


@dataclass(frozen=True, slots=True)
class Loss:
    """The answers of the person who closed an episode as lost; None: not answered.

    `could_have` says what we could have done, `contributed` what the sale itself contributed.
    """

    episode_id: UUID
    account_id: str
    could_have: str | None = None
    contributed: SaleContribution | None = None
    may_call_again: bool | None = None


CONTRIBUTIONS: Mapping[SaleContribution, str] = {
    SaleContribution.EXPECTATION_NOT_DISCUSSED: "They expected something we never discussed",
    SaleContribution.WRONG_PRODUCT: "It was the wrong product for them",
    SaleContribution.UNKNOWN_DUTY: "They did not know of something they had to do",
    SaleContribution.NOTHING: "Nothing",
}
"""What the sale itself contributed, in the words of the list."""
