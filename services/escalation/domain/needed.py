"""What deciding a batch of events needs beside its accounts: people, episodes' recipients, deliveries."""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from services.escalation.domain.account_state import AccountState
from services.escalation.domain.delivery_facts import DeliveryAttempted, DeliveryResent, DeliveryReturned
from services.escalation.domain.own_facts import (
    EmptyLadderRetryDue,
    EpisodeButton,
    EpisodeDue,
    HandOverPressed,
    InformationDue,
    PersonChanged,
    PolicySubmitted,
    ReassignPressed,
    SellerLookupDue,
)
from shared.contracts import orders
from shared.contracts.envelope import Envelope, Fact


def people_needed(events: Sequence[Envelope[Fact]], states: Mapping[str, AccountState], desk: str) -> set[str]:
    """The people whom these events are about, name, or may notify. Everyone above them is needed too."""
    needed: set[str | None] = {person for state in states.values() for person in state.people}
    needed |= {event.data.sold_by for event in events if isinstance(event.data, orders.OrderPlaced)}
    needed |= {event.subject for event in events if event.data.about == "salesperson"}
    needed |= {above for event in events for above in _people_named_in(event.data)}
    needed.add(desk)
    return {person for person in needed if person}


def episodes_meant(events: Sequence[Envelope[Fact]], states: Mapping[str, AccountState]) -> list[UUID]:
    """The episodes of which these events need to know who was ever notified."""
    kinds = (EpisodeButton, EpisodeDue, SellerLookupDue, EmptyLadderRetryDue, InformationDue)
    meant = [event.data.episode for event in events if isinstance(event.data, kinds)]
    changed = {event.subject for event in events if isinstance(event.data, PersonChanged)}
    return meant + [one.episode_id for account in changed for one in states[account].open_episodes.values()]


def deliveries_meant(events: Sequence[Envelope[Fact]]) -> list[UUID]:
    """The deliveries that these events are about. Those held of the same alerts are needed too."""
    kinds = DeliveryAttempted | DeliveryReturned | DeliveryResent
    return [event.data.delivery for event in events if isinstance(event.data, kinds)]


def _people_named_in(fact: Fact) -> Iterator[str | None]:
    """Other people that deciding this event needs: possible recipients, the presser, the publisher of a policy."""
    if isinstance(fact, orders.SalespersonChanged):
        yield fact.manager
        yield fact.backup
        yield fact.successor.salesperson if fact.successor else None
    elif isinstance(fact, orders.SaleCorrected):
        yield fact.sold_by
    elif isinstance(fact, orders.AccountReassigned):
        yield fact.salesperson
    elif isinstance(fact, HandOverPressed | ReassignPressed):
        yield fact.to
        yield fact.by
    elif isinstance(fact, InformationDue | PersonChanged):
        yield fact.person
    elif isinstance(fact, EpisodeButton | PolicySubmitted):
        yield fact.by
