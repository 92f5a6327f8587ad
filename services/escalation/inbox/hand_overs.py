"""The state of a hand-over for its giver: when the colleague is notified, and the result."""

from collections.abc import Sequence

from services.escalation.domain.decisions.handing_over import HandOverLapsed, HandOverWithdrawn
from services.escalation.domain.escalation_path import AlertRow, StepRow
from services.escalation.domain.reader import Reader
from services.escalation.store.inbox import EpisodeRow
from shared.contracts.escalation import RingCause

_CAME_TO_NOTHING = {
    HandOverLapsed.rule: "did not accept in time, and the request ended",
    HandOverWithdrawn.rule: "is no longer available, so the request ended",
}


def hand_over_line(row: EpisodeRow, alerts: Sequence[AlertRow], steps: Sequence[StepRow], reader: Reader) -> str | None:
    """One line at the top of the page, for the person who has the episode and for its other readers; None without a
    hand-over."""
    if row.closed_at is not None or reader.is_me(row.offered_to):
        return None
    if row.offered_to is None or row.offered_until is None:
        return _came_to_nothing(row, steps, reader)
    name, until = row.offered_name or row.offered_to, reader.moment(row.offered_until).clock
    holder = reader.name_of(row.acknowledged_by, row.acknowledged_name)
    stays = "stays yours" if reader.is_me(row.acknowledged_by) else f"stays with {holder}"
    line = f"Waiting for {name} to accept (until {until}). It {stays} until then."
    requests = [one for one in alerts if one.recipient == row.offered_to and one.cause == RingCause.HANDED_OVER]
    held_until = requests[-1].held_until if requests else None
    if held_until is None:
        return line
    line = f"{line} {name} will be notified {reader.moment(held_until).at}"
    if held_until < row.offered_until:
        return f"{line}."
    return f"{line}, after the deadline to accept. Call {name} yourself, or choose a later deadline."


def _came_to_nothing(row: EpisodeRow, steps: Sequence[StepRow], reader: Reader) -> str | None:
    """The last failed hand-over of the person who has the episode, until they have reached the customer."""
    if row.acknowledged_at is None or not reader.is_me(row.acknowledged_by) or row.reached_at is not None:
        return None
    over = [step for step in steps if step.rule in _CAME_TO_NOTHING and step.at >= row.acknowledged_at]
    if not over:
        return None
    last = over[-1]
    name = last.name or last.who
    return f"{name} {_CAME_TO_NOTHING[last.rule]} {reader.moment(last.at).at}. It is still yours."
