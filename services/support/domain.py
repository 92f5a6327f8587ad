"""The decisions of support about a fact before it is kept and published. Start with `after` and `waits_for_case`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from shared.contracts import support
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.support_inbound import (
    AnswerNotNeeded,
    CancellationRequested,
    CancellationWithdrawn,
    CaseClosed,
    CaseOpened,
    CaseReassigned,
    CaseReopened,
    CaseResolved,
    CaseStatusChanged,
    ContactMade,
    ContactPreferenceChanged,
    ContactResult,
    CustomerInsists,
    CustomerMatter,
    Intent,
    Person,
    RefundRequested,
    RefundWithdrawn,
    ResponseOverdue,
    ResponsePromised,
    SatisfactionRated,
    SellerRequested,
)
from shared.ids import AccountId, CaseId
from shared.precedence import Version, content_of

_PUBLISHED: Mapping[type[Fact], type[Fact]] = MappingProxyType(
    {
        CaseOpened: support.CaseOpened,
        ContactMade: support.ContactMade,
        CaseReassigned: support.CaseReassigned,
        CaseStatusChanged: support.CaseStatusChanged,
        CaseReopened: support.CaseReopened,
        ResponsePromised: support.ResponsePromised,
        ResponseOverdue: support.ResponseOverdue,
        RefundRequested: support.RefundRequested,
        RefundWithdrawn: support.RefundWithdrawn,
        CancellationRequested: support.CancellationRequested,
        CancellationWithdrawn: support.CancellationWithdrawn,
        CustomerInsists: support.CustomerInsists,
        SellerRequested: support.SellerRequested,
        SatisfactionRated: support.SatisfactionRated,
        CaseResolved: support.CaseResolved,
        CaseClosed: support.CaseClosed,
        AnswerNotNeeded: support.AnswerNotNeeded,
        ContactPreferenceChanged: support.ContactPreferenceChanged,
    }
)


class CaseKey(NamedTuple):
    """Case ids are unique within an account only."""

    account: AccountId
    case: CaseId

    @property
    def awaited(self) -> str:
        """The lock key that a fact about an unknown case waits for. No id contains a tab."""
        return f"case:{self.account}\t{self.case}"


@dataclass(frozen=True, slots=True)
class Case:
    """The known state of one matter: its opening, its status, and how often it was passed on."""

    account_id: AccountId
    case_id: CaseId
    order_id: str | None
    content: bytes
    opened_at: datetime
    status: str
    status_at: datetime
    status_by: str
    reassignments: int
    reassigned_by: str | None
    assigned_to: str | None
    title: str | None
    person_name: str | None
    person_phone: str | None
    person_email: str | None

    @property
    def key(self) -> CaseKey:
        return CaseKey(self.account_id, self.case_id)


@dataclass(frozen=True, slots=True)
class Facts:
    """The newest facts about an account or a case, newest first; `more`: there are older ones. `unreadable`
    counts those between them that are damaged."""

    events: Sequence[Envelope[Fact]]
    more: bool
    unreadable: int = 0


def case_key(event: Envelope[Fact]) -> CaseKey | None:
    """The case that a fact names, if any."""
    case = event.data.case if isinstance(event.data, CustomerMatter) else None
    return None if case is None else CaseKey(AccountId(event.subject), CaseId(case))


def opened(event: Envelope[CaseOpened]) -> Case:
    fact = event.data
    person = fact.person or Person()
    return Case(
        account_id=AccountId(event.subject),
        case_id=CaseId(fact.case),
        order_id=fact.order,
        content=content_of(event),
        opened_at=event.time,
        status=fact.status,
        status_at=event.time,
        status_by=event.id,
        reassignments=0,
        reassigned_by=None,
        assigned_to=None,
        title=fact.title,
        person_name=person.name,
        person_phone=person.phone,
        person_email=person.email,
    )


def after(case: Case, event: Envelope[CustomerMatter]) -> Case:
    """The case after one more fact. The order in which facts arrive makes no difference."""
    if isinstance(event.data, CaseReassigned):
        return _reassigned(case, event.data, event.id)
    status = status_given(event.data)
    if status is None or Version.of(event) < (case.status_at, case.status_by):
        return case
    return replace(case, status=status, status_at=event.time, status_by=event.id)


def _reassigned(case: Case, fact: CaseReassigned, id: str) -> Case:
    """The case after a reassignment. The highest count applies; of equal counts the one with the higher event id."""
    if (fact.reassignments, id) < (case.reassignments, case.reassigned_by or ""):
        return case
    return replace(case, reassignments=fact.reassignments, reassigned_by=id, assigned_to=fact.assigned_to)


def status_given(fact: Fact) -> str | None:
    """The status that a fact gives its case: the help desk's own word, or ours if the fact implies one.

    A courtesy does not reopen a case.
    """
    match fact:
        case CaseStatusChanged(status=status):
            return status
        case CaseReopened(courtesy=None):
            return "reopened"
        case CaseResolved():
            return "resolved"
        case CaseClosed():
            return "closed"
        case _:
            return None


def waits_for_case(fact: Fact) -> bool:
    """Whether a fact about an unknown case waits for its opening.

    Facts that put a sale at risk by themselves never wait, nor do facts that withdraw them.
    """
    match fact:
        case RefundRequested() | RefundWithdrawn() | CancellationRequested() | CancellationWithdrawn():
            return False
        case CustomerInsists() | SellerRequested():
            return False
        case ContactMade(result=ContactResult.DEAD_END) | ContactMade(intent=Intent.LEAVING):
            return False
        case _:
            return True


def published(fact: Fact) -> Fact:
    """The same fact as the type that support publishes: a contact with a dead end as a dead end, once."""
    dead_end = isinstance(fact, ContactMade) and fact.result is ContactResult.DEAD_END
    published_as = support.ContactDeadEnded if dead_end else _PUBLISHED[type(fact)]
    return published_as.model_validate(dict(fact))
