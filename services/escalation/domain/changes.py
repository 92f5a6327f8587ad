"""The changed rows of a batch, which the store saves."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.escalation.domain.addresses import AddressNotice
from services.escalation.domain.entities import (
    Account,
    Alert,
    Case,
    DecisionRow,
    Delivery,
    Episode,
    Note,
    Order,
    Salesperson,
    Signal,
)
from services.escalation.domain.facts import AccountFact
from services.escalation.domain.losses.loss import Loss
from services.escalation.domain.notices import Notice
from services.escalation.domain.offers import Offer
from services.escalation.domain.policy.versions import PolicyVersion
from services.escalation.domain.results import Result
from services.escalation.domain.save_windows import SaveWindow
from services.escalation.domain.win_backs import WinBack


@dataclass(slots=True)
class Changes:
    """The rows to save: by table and key, each in its final state. `facts` are new; `amended` are earlier facts that
    are remembered, or remembered in more detail, only now. `losses` are by episode; None: its close was undone."""

    accounts: dict[str, Account] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    people: dict[str, Salesperson] = field(default_factory=dict)
    cases: dict[tuple[str, str], Case] = field(default_factory=dict)
    facts: dict[UUID, AccountFact] = field(default_factory=dict)
    amended: dict[UUID, AccountFact] = field(default_factory=dict)
    episodes: dict[UUID, Episode] = field(default_factory=dict)
    offers: dict[UUID, Offer] = field(default_factory=dict)
    signals: dict[UUID, Signal] = field(default_factory=dict)
    alerts: dict[UUID, Alert] = field(default_factory=dict)
    deliveries: dict[UUID, Delivery] = field(default_factory=dict)
    results: dict[UUID, Result] = field(default_factory=dict)
    windows: dict[UUID, SaveWindow] = field(default_factory=dict)
    decisions: list[DecisionRow] = field(default_factory=list)
    policies: list[PolicyVersion] = field(default_factory=list)
    cancelled_deliveries: dict[UUID, tuple[str, datetime]] = field(default_factory=dict)
    cancelled_approvals: set[UUID] = field(default_factory=set)
    left: set[tuple[str, str]] = field(default_factory=set)
    signed_out: set[str] = field(default_factory=set)
    notices: list[AddressNotice] = field(default_factory=list)
    upward_notices: list[Notice] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    losses: dict[UUID, Loss | None] = field(default_factory=dict)
    win_backs: dict[UUID, WinBack] = field(default_factory=dict)

    def touched(self) -> set[str]:
        """The accounts with changes to state that is kept from batch to batch."""
        reported = (self.accounts, self.orders, self.cases, self.facts, self.amended)
        made = (self.episodes, self.signals, self.results, self.offers, self.windows)
        return {row.account_id for rows in (*reported, *made) for row in rows.values()}
