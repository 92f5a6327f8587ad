"""What the reader may say and offer in the call, on a page."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.escalation.domain.plays import Voice, advice
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.reader import Reader
from services.escalation.domain.stakes import Amount
from services.escalation.domain.words import Risk
from services.escalation.store.inbox import EpisodeRow
from shared.contracts.escalation import Step
from shared.contracts.support_inbound import ContactPreference


@dataclass(frozen=True, slots=True)
class Script:
    """What to say and what to offer, with the limit; or why there is nothing."""

    say: tuple[str, ...]
    offer: str | None
    limit: str | None
    instead: str | None


def script_of(row: EpisodeRow, risks: Sequence[Risk], main: Risk, reader: Reader, policy: Policy) -> Script | None:
    """The script for the reader, if they may make the call: not if another person has acknowledged the episode."""
    if not row.has_a_part or row.closed_at is not None or row.amount_minor is None or row.currency is None:
        return None
    if row.acknowledged_by is not None and not (reader.is_me(row.acknowledged_by) or reader.is_me(row.offered_to)):
        return None
    order = Amount(row.amount_minor, row.currency)
    found = advice(risks, _voice(row, reader), preference=ContactPreference(row.preference), order=order, policy=policy)
    if found is None:
        return None
    found = found.naming(main.about)
    return Script(found.say, found.offer, found.limit, found.instead)


def _voice(row: EpisodeRow, reader: Reader) -> Voice:
    return Voice(
        me=reader.salesperson_id,
        name=reader.name,
        step=Step(row.own_step) if row.own_step else None,
        seller=row.salesperson,
        seller_name=row.seller_name,
        seller_left=row.seller_left,
        handed_on=row.handed_on,
    )
