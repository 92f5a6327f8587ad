"""The data of an episode for its explanation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.escalation.domain.entities import (
    Account,
    Alert,
    DecisionRow,
    Delivery,
    Directory,
    Episode,
    Order,
    Salesperson,
    Signal,
    products_of,
)
from services.escalation.domain.facts import AccountFact
from services.escalation.domain.offers import Offer
from services.escalation.domain.policy.model import Policy, TeamMode
from services.escalation.domain.policy.versions import Policies, PolicyVersion
from services.escalation.domain.save_windows import SaveWindow
from shared.contracts.envelope import Envelope, Fact


@dataclass(frozen=True, slots=True)
class ReceivedFact:
    """A fact as reported, with its own time and the time of receipt; without `read` if its event was erased.

    The event is read only on demand: an account may have very many facts, of which few are shown.
    """

    source: str
    event_id: str
    type: str
    at: datetime
    received_at: datetime
    read: Callable[[], Envelope[Fact]] | None


@dataclass(frozen=True, slots=True)
class Record:
    """An episode with all that belongs to it. `facts` and `received` are those of the whole account, by time."""

    now: datetime
    episode: Episode
    order: Order
    account: Account
    signals: Sequence[Signal]
    facts: Sequence[AccountFact]
    received: Sequence[ReceivedFact]
    decisions: Sequence[DecisionRow]
    alerts: Sequence[Alert]
    deliveries: Sequence[Delivery]
    people: Mapping[str, Salesperson]
    policies: Policies
    offers: Sequence[Offer] = ()
    window: SaveWindow | None = None

    @property
    def directory(self) -> Directory:
        return self.people

    def policy(self, version: int) -> Policy | None:
        """A version of the policy for this order; None for an unknown version."""
        known = self.policies.numbered(version)
        return self._applied(known) if known else None

    @property
    def latest_policy(self) -> Policy:
        return self._applied(self.policies.latest)

    @property
    def team_mode(self) -> TeamMode:
        seller = self.people.get(self.order.sold_by or "")
        return self.policies.latest.policy.teams.of(seller.manager if seller else None)

    def _applied(self, version: PolicyVersion) -> Policy:
        return self.policies.for_order(version, self.order.segment, products_of(self.order))
