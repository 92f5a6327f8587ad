"""The time for the proof of a result is up. Start at `judge_when_due`."""

from services.escalation.domain.deciding.episodes import join
from services.escalation.domain.deciding.results import lacks_delivery, note_proof_due
from services.escalation.domain.draft import Draft
from services.escalation.domain.results import ProofDue
from shared.contracts.escalation import SignalKind


def judge_when_due(draft: Draft[ProofDue]) -> None:
    """A save whose order has not arrived relapses: the late delivery that still stands joins another episode.

    Everything else is judged with the order's other results.
    """
    due = note_proof_due(draft)
    if due is None or not lacks_delivery(draft, due):
        return
    standing = draft.state.standing.of_episode(due.episode_id)
    late = next((one for one in standing if one.kind is SignalKind.DELIVERY_LATE), None)
    if late is not None:
        join(draft, draft.state.orders[due.order_id], late)
