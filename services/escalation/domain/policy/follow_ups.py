"""The settings of follow-ups: what is due before there is trouble, and months after a loss."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from services.escalation.domain.policy.values import Section, Span
from shared.contracts.fields import Code, Text


class Duties(Section):
    """Dated duties made by a sale: when the seller checks in and what to say then, and how long before and after
    it is due one is shown.

    `ask_outcome` follows `say` if the sale names no expected outcome. `remind` is for a promise of the customer's own.
    """

    enabled: bool = True
    check_in_after: Span = timedelta(days=14)
    say: Annotated[tuple[Text, ...], Field(min_length=1, max_length=4)] = (
        "How are you getting on with it?",
        "Is it what you expected?",
        "If anything isn't right, please call me directly.",
    )
    ask_outcome: Annotated[tuple[Text, ...], Field(min_length=1, max_length=2)] = (
        "What result do you want from it, and by when? How will you know that you have it?",
    )
    remind: Annotated[tuple[Text, ...], Field(min_length=1, max_length=4)] = (
        "You wanted to take care of one thing yourselves. How is that going?",
        "What do you need from us for it?",
    )
    show_before: Span = timedelta(days=2)
    show_after: Span = timedelta(days=14)


class WinBacks(Section):
    """A call to a customer after a loss: when, what to say, and which share of losses it waits for.

    `after_reason` has other times, by the code of the reason for the loss. `waits_above` is the share of requests in
    the customer's segment that are lost for the same reason; above it the call would be too early. A call that nobody
    makes lapses `lapses_after` its date.
    """

    enabled: bool = True
    after: Span = timedelta(weeks=18)
    after_reason: Mapping[Code, Span] = Field(
        default_factory=lambda: {"price": timedelta(weeks=26), "changed_mind": timedelta(weeks=26)}
    )
    again_after: Span = timedelta(weeks=13)
    waits_above: Annotated[float, Field(ge=0, le=1)] = 0.1
    lapses_after: Span = timedelta(weeks=52)
    say: Annotated[tuple[Text, ...], Field(min_length=1, max_length=4)] = (
        "Some months ago you decided on another way. I hope it works well for you, and congratulations if it does.",
        "May I ask what made the difference for you? I'd like to learn from it.",
        "If a second opinion would help with anything, I'm glad to give it. You don't have to buy anything.",
    )
