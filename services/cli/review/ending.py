"""How an order ended, in one sentence of a review. Start at `ending_words`."""

from services.cli.review.reading import Review
from services.cli.review.sentences import at_minute, lasting
from services.escalation.domain.results import Result, ResultState
from services.escalation.domain.words import day
from services.escalation.domain.words.signals import SIGNAL_LABELS
from services.escalation.replaying.outcomes import Ending
from services.escalation.replaying.review import DecidedBy, DecidedLoss

_DECIDED = {
    DecidedBy.ORDER_CANCELLED: "the order was cancelled",
    DecidedBy.REFUND_PAID: "a refund was paid",
    DecidedBy.CLOSED: "its episode was closed as lost",
}
_ENDED = {Ending.SAVED: "it was saved", Ending.WELL: "it ended well"}


def ending_words(review: Review) -> str:
    """The loss; else what is known of the save, and whether an episode is open."""
    replayed = review.replayed
    if replayed is not None and replayed.reviewed is not None:
        return _lost(replayed.reviewed.loss)
    if replayed is None and review.losses:
        return "It was closed as lost."
    if review.save is not None:
        return f"{_of_save(review.save)}{'; an episode is open' if review.is_open else ''}."
    if replayed is None:
        return "No loss of it is known."
    if review.is_open:
        return "It was not lost so far: an episode is open."
    return (
        f"It was not lost: {_ENDED[replayed.outcome.ending]}." if replayed.outcome is not None else "It was not lost."
    )


def _lost(loss: DecidedLoss) -> str:
    late = loss.known_at - loss.at
    known = f", which was reported {lasting(late)} later" if late.total_seconds() >= 60 else ""
    return f"Lost: {_DECIDED[loss.by]} {at_minute(loss.at)}{known}."


def _of_save(save: Result) -> str:
    if save.state is ResultState.PROVEN:
        return f"It was saved {at_minute(save.closed_at)}, and the save is proven"
    if save.state is ResultState.RELAPSED and save.because is not None and save.because_at is not None:
        return f"The save did not last: {SIGNAL_LABELS[save.because].lower()} {at_minute(save.because_at)}"
    until = f" (until {day(save.proof_due_at)})" if save.proof_due_at is not None else ""
    return f"It was saved {at_minute(save.closed_at)}, not yet proven{until}"
