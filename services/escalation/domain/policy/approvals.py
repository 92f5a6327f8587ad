"""Who may approve an offer above the limit of the play."""

from pydantic import Field

from services.escalation.domain.policy.values import Money, Section
from shared.contracts.escalation import Step


class Approvals(Section):
    """Up to which total of an episode's offers each step may approve one. A person's own limits come first."""

    backup: Money = Field(default_factory=dict)
    manager: Money = Field(default_factory=lambda: dict.fromkeys(("EUR", "USD", "GBP"), 100_000))
    upper_manager: Money = Field(default_factory=lambda: dict.fromkeys(("EUR", "USD", "GBP"), 300_000))
    desk: Money = Field(default_factory=dict)

    def of(self, step: Step) -> Money:
        """The amounts of a step by currency; a seller approves nothing."""
        amounts: Money = getattr(self, step.value, {})
        return amounts
