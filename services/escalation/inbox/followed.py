"""Lists of episodes that need nothing of their reader: with others, in the own team, or closed."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.escalation.domain import words
from services.escalation.domain.entities import products_in
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.reader import Moment, Reader
from services.escalation.inbox.views import ending_of
from services.escalation.store.followed import MOST, FollowedRow
from shared.contracts.escalation import Severity


@dataclass(frozen=True, slots=True)
class FollowedLine:
    """One episode: whose, how severe, how much, and who has it, or how it ended."""

    id: str
    customer: str
    order: str
    bought: str
    amount: str | None
    severity: str
    severity_word: str
    state: str
    at: Moment | None


@dataclass(frozen=True, slots=True)
class Followed:
    """`more` tells that there are others than those shown."""

    lines: tuple[FollowedLine, ...]
    more: bool = False

    @property
    def count(self) -> str:
        return f"{len(self.lines)}{'+' if self.more else ''}"


def followed_lines(rows: Sequence[FollowedRow], reader: Reader) -> Followed:
    """Open episodes that are with others."""
    return Followed(tuple(_line(row, _with(row, reader), reader) for row in rows[:MOST]), len(rows) > MOST)


def closed_lines(rows: Sequence[FollowedRow], reader: Reader, policies: Policies) -> Followed:
    """Episodes that are over."""
    return Followed(tuple(_line(row, _ended(row, reader, policies), reader) for row in rows))


def _line(row: FollowedRow, state: str, reader: Reader) -> FollowedLine:
    return FollowedLine(
        id=str(row.episode_id),
        customer=row.customer_name or f"Customer {row.account_id}",
        order=row.order_id,
        bought=row.bought,
        amount=words.known_money(row.amount_minor, row.currency),
        severity=row.severity,
        severity_word=words.SEVERITIES[Severity(row.severity)],
        state=state,
        at=reader.moment(row.closed_at) if row.closed_at else None,
    )


def _with(row: FollowedRow, reader: Reader) -> str:
    if row.acknowledged_at is not None:
        name = reader.name_of(row.acknowledged_by, row.acknowledged_name)
        return f"{name} has had it since {reader.moment(row.acknowledged_at).clock}"
    if row.responsible is None:
        return "Nobody has been notified yet"
    until = f" by {reader.moment(row.deadline_at).clock}" if row.deadline_at else ""
    return f"{row.responsible_name or row.responsible} has been notified, response due{until}"


def _ended(row: FollowedRow, reader: Reader, policies: Policies) -> str:
    policy = policies.for_order(policies.latest, row.segment, products_in(row.products))
    ending = ending_of(row, reader, policy)
    return f"{ending.result}: {ending.reason}, closed {ending.by}" if ending else ""
