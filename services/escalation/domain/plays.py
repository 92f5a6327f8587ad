"""What to say in the call and what may be offered: by the gravest signal, the policy, and the customer. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.escalation.domain.policy.model import Play, Policy
from services.escalation.domain.words import MUST_NOT_BE_CALLED, Risk, money, refund_words
from shared.contracts.escalation import REQUESTS, SignalKind
from shared.contracts.support_inbound import ContactPreference


@dataclass(frozen=True, slots=True)
class Advice:
    """For the call. `limit` follows "You may offer": how much money at most, or that none may be without asking;
    `instead` tells why there is nothing to say or to offer."""

    say: tuple[str, ...] = ()
    offer: str | None = None
    limit: str | None = None
    instead: str | None = None


def advice(
    risks: Sequence[Risk], *, preference: ContactPreference, amount_minor: int, currency: str, policy: Policy
) -> Advice | None:
    """The play of what weighs most; None where the policy has none for it."""
    if preference in MUST_NOT_BE_CALLED:
        return Advice(instead=must_not_be_called(preference))
    head = weightiest(risks, policy)
    if head is None:
        return None
    if head.kind is SignalKind.REFUND_REQUESTED and head.refund_kind not in (None, *policy.plays.refund_kinds):
        return Advice(
            instead=f"{refund_words(head.refund_kind, None)}: this is for you to know, there is nothing to save."
        )
    play = policy.plays.by_signal.get(head.kind)
    if play is None:
        return None
    return Advice(play.say, play.offer, _limit_words(play, amount_minor, currency))


def must_not_be_called(preference: ContactPreference) -> str:
    """The sentence for a customer whose preference forbids a call."""
    return f"This customer must not be called: {MUST_NOT_BE_CALLED[preference]}."


def may_write(preference: ContactPreference) -> bool:
    """Whether this customer may be contacted at all, if not by phone."""
    return preference in (ContactPreference.NONE, ContactPreference.DO_NOT_CALL)


def weightiest(risks: Sequence[Risk], policy: Policy) -> Risk | None:
    """What an order at risk is about first of all: what is asked for, else the gravest; of equals the latest."""

    def weight(risk: Risk) -> tuple[bool, int, datetime]:
        return risk.kind in REQUESTS, policy.signals.of(risk.kind).severity.rank, risk.at

    return max(risks, key=weight, default=None)


def offer_limit(play: Play, amount_minor: int, currency: str) -> int | None:
    """The most that a play allows to give, in minor units: its percentage, but never more than its limit in this
    currency. None where it allows no money, or has limits and none in this currency."""
    if not play.offer_percent or _has_other_limits(play, currency):
        return None
    share = amount_minor * play.offer_percent // 100
    return min(share, play.offer_at_most.get(currency, share))


def _has_other_limits(play: Play, currency: str) -> bool:
    """Whether it says how much may be given, but not in this currency."""
    return bool(play.offer_at_most) and currency not in play.offer_at_most


def _limit_words(play: Play, amount_minor: int, currency: str) -> str | None:
    most = offer_limit(play, amount_minor, currency)
    if most is not None:
        return f"up to {money(most, currency)}"
    return f"(no amount in {currency} without asking)" if _has_other_limits(play, currency) else None
