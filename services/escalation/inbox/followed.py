"""Lists of episodes that need no action from their reader: with others, in their team, or closed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from services.escalation.domain import words
from services.escalation.domain.entities import products_in
from services.escalation.domain.happenings import SignalRow
from services.escalation.domain.main_signal import all_for_information, main_signal
from services.escalation.domain.policy.versions import Policies
from services.escalation.domain.reader import LocalTime, Reader
from services.escalation.domain.words.in_short import bought_words, customer_words, unturned
from services.escalation.inbox.endings import Ending, ending_of
from services.escalation.inbox.notified import notified_words
from services.escalation.inbox.views import that_stand
from services.escalation.store.followed import MOST, FollowedRow
from shared.contracts.escalation import Severity


@dataclass(frozen=True, slots=True)
class FollowedLine:
    """One episode: customer, severity, amount, and the person who has it, or how it ended and until when the reader can
    undo that. `round` is the round for a press of its button."""

    id: str
    customer: str
    order: str
    bought: str
    amount: str | None
    severity: str
    severity_word: str
    label: str | None
    state: str
    at: LocalTime | None
    round: str
    undo_until: LocalTime | None


@dataclass(frozen=True, slots=True)
class Followed:
    """The lines; `more` tells that there are further ones."""

    lines: tuple[FollowedLine, ...]
    more: bool = False

    @property
    def count(self) -> str:
        return f"{len(self.lines)}{'+' if self.more else ''}"


Signals: TypeAlias = Mapping[UUID, Sequence[SignalRow]]
"""The signals of each episode."""


def followed_lines(rows: Sequence[FollowedRow], signals: Signals, reader: Reader, policies: Policies) -> Followed:
    """Open episodes that are with others."""
    lines = (_line(row, signals, _with(row, reader), None, policies) for row in rows[:MOST])
    return Followed(tuple(lines), len(rows) > MOST)


def closed_lines(rows: Sequence[FollowedRow], signals: Signals, reader: Reader, policies: Policies) -> Followed:
    """Episodes that are over."""
    lines = (_closed_line(row, signals, reader, policies) for row in rows[:MOST])
    return Followed(tuple(lines), len(rows) > MOST)


def _closed_line(row: FollowedRow, signals: Signals, reader: Reader, policies: Policies) -> FollowedLine:
    policy = policies.for_order(policies.latest, row.segment, products_in(row.products))
    ending = ending_of(row, reader, policy, signals.get(row.episode_id, ()))
    given = f" Given away: {words.money(row.given_minor, row.currency)}." if row.given_minor and row.currency else ""
    state = f"{ending.result}: {ending.reason}. Closed {ending.by}.{given}" if ending else ""
    if ending and ending.outcome:
        state = f"{state} {ending.outcome.removesuffix('.')}."
    return _line(row, signals, state, ending, policies)


def _line(row: FollowedRow, signals: Signals, state: str, ending: Ending | None, policies: Policies) -> FollowedLine:
    policy = policies.for_order(policies.latest, row.segment, products_in(row.products))
    risks = that_stand(signals.get(row.episode_id, ()))
    main = main_signal(risks, policy)
    inform = all_for_information(risks, policy)
    return FollowedLine(
        id=str(row.episode_id),
        customer=customer_words(row.customer_name, row.account_id),
        order=unturned(row.order_id),
        bought=bought_words(row.bought, products_in(row.products)),
        amount=words.known_money(row.amount_minor, row.currency),
        severity=row.severity,
        severity_word=words.FOR_INFORMATION if inform else words.SEVERITIES[Severity(row.severity)],
        label=words.label(main) if main else None,
        state=state,
        at=ending.at if ending else None,
        round=row.round,
        undo_until=ending.undo_until if ending else None,
    )


def _with(row: FollowedRow, reader: Reader) -> str:
    if row.acknowledged_at is not None:
        name = reader.name_of(row.acknowledged_by, row.acknowledged_name)
        reached = f" and reached the customer {reader.moment(row.reached_at).at}" if row.reached_at else ""
        return f"{name} has been handling this since {reader.moment(row.acknowledged_at).clock}{reached}"
    if row.responsible is None:
        return "No one has been notified yet"
    until = f", acknowledge by {reader.moment(row.deadline_at).clock}" if row.deadline_at else ""
    return f"{notified_words(row.responsible_name or row.responsible, row, reader)}{until}"
