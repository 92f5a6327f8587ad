"""How an episode ended, and until when the person who closed it can undo the close."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.escalation.domain import words
from services.escalation.domain.decisions.closing import reason_words
from services.escalation.domain.happenings import SignalRow
from services.escalation.domain.policy.model import CLEARED, Policy
from services.escalation.domain.reader import LocalTime, Reader
from services.escalation.domain.reopening import reopened_until
from services.escalation.inbox.outcomes import outcome_words
from services.escalation.store.followed import FollowedRow
from services.escalation.store.inbox import EpisodeRow
from shared.contracts.escalation import EpisodeResult


@dataclass(frozen=True, slots=True)
class Ending:
    """How an episode ended: "Saved", by whom, and why. `undo_until` is set for the person who can still undo it;
    `outcome` is what later facts say about it."""

    result: str
    reason: str
    by: str
    at: LocalTime
    undo_until: LocalTime | None
    outcome: str | None


def ending_of(
    row: EpisodeRow | FollowedRow, reader: Reader, policy: Policy, signals: Sequence[SignalRow] = ()
) -> Ending | None:
    """How an episode ended, for its reader; None while it is open.

    An automatic close is described by the end of its last signal in `signals`.
    """
    if row.closed_at is None or row.result is None or row.reason is None:
        return None
    result = EpisodeResult(row.result)
    reason = _what_ended(signals) if row.reason == CLEARED else None
    reason = reason or _reason(policy, result, row.reason)
    by = f"by {reader.name_of(row.closed_by, row.closed_name)}" if row.closed_by else "automatically"
    by = "by you" if reader.is_me(row.closed_by) else by
    at, undo_until = reader.moment(row.closed_at), _undo_until(row, reader, policy)
    return Ending(words.RESULTS[result], reason, by, at, undo_until, outcome_words(row, reader))


def _undo_until(row: EpisodeRow | FollowedRow, reader: Reader, policy: Policy) -> LocalTime | None:
    if row.closed_at is None or not reader.is_me(row.closed_by) or row.superseded:
        return None
    until = reopened_until(row.closed_at, policy.acknowledgement.reopen_within)
    return reader.moment(until) if reader.now <= until else None


def _what_ended(signals: Sequence[SignalRow]) -> str | None:
    over = [(one.ended_at, words.ended(one.ended, one.ended_because)) for one in signals if one.ended and one.ended_at]
    return max(over)[1] if over else None


def _reason(policy: Policy, result: EpisodeResult, reason: str) -> str:
    return "Seen" if result is EpisodeResult.INFORMED else reason_words(policy, result, reason)
