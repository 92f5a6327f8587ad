"""A review as JSON, with all candidates that would have caught the loss. Start at `as_json_of`."""

from dataclasses import asdict
from typing import Any

from services.cli.review.judgement import first_signal
from services.cli.review.reading import Replayed, Review
from services.escalation.domain.losses.details import LossDetails
from services.escalation.domain.results import Result
from services.escalation.replaying.asks import Ask
from services.escalation.replaying.recall import Difference
from services.escalation.replaying.review import Judged, Reviewed


def as_json_of(review: Review) -> dict[str, Any]:
    """Everything that the page shows, and the candidates that it leaves out."""
    order = review.order
    return {
        "order": order.order_id,
        "account": order.account_id,
        "sold_by": order.sold_by,
        "sold_at": order.sold_at,
        "money_minor": {order.currency: order.amount_minor},
        "reasons": [_reasons(one) for one in review.losses],
        "steps": [asdict(step) for step in review.story.steps],
        "notified": [asdict(row) for row in review.story.notified],
        "skipped": [{"at": at, "words": words} for at, words in review.story.passed_by],
        "save": None if review.save is None else _save(review.save),
        "is_open": review.is_open,
        "not_replayed": review.not_replayed,
        **_of_replay(review.replayed),
    }


def _reasons(one: LossDetails) -> dict[str, Any]:
    return {
        "episode": one.row.episode_id,
        "closed_at": one.row.closed_at,
        "seller": {"reason": one.row.reason, "class": one.columns.seller},
        "customer": {"code": one.row.customers_code, "class": one.columns.customer},
        "events": [shown.loss_class for shown in one.shown],
    }


def _save(save: Result) -> dict[str, Any]:
    return {
        "state": save.state,
        "closed_at": save.closed_at,
        "proof_due_at": save.proof_due_at,
        "disproved_by": save.because,
        "disproved_at": save.because_at,
    }


def _of_replay(replayed: Replayed | None) -> dict[str, Any]:
    if replayed is None:
        return {"outcome": None, "first_signal": None, "missed": [], "is_exact": False, "loss": None}
    signal = first_signal(replayed)
    return {
        "outcome": replayed.outcome.ending if replayed.outcome is not None else None,
        "first_signal": None
        if signal is None
        else {
            "signal": signal.kind,
            "at": signal.at,
            "known_at": signal.seen_at,
            "policy_version": signal.policy_version,
        },
        "missed": [_missed(one) for one in replayed.missed],
        "is_exact": replayed.is_exact,
        "loss": None if replayed.reviewed is None else _loss(replayed.reviewed, replayed),
    }


def _missed(one: Difference) -> dict[str, Any]:
    return {"signal": one.kind, "at": one.at, "person": one.person, "cause": one.cause, "awaited": one.awaited}


def _loss(reviewed: Reviewed, replayed: Replayed) -> dict[str, Any]:
    extra = replayed.extra_notifications
    counts = [] if extra is None else [*zip(extra.more, extra.more_a_week, strict=True)]
    return {
        "decided_by": reviewed.loss.by,
        "at": reviewed.loss.at,
        "known_at": reviewed.loss.known_at,
        "notified": _ask(reviewed.asked),
        "notified_under_todays_policy": _ask(reviewed.today),
        "first_notifications_under_todays_policy": reviewed.today_notifications,
        "tried": reviewed.tried,
        "caught_by": [
            _judged(one, *(counts[place] if place < len(counts) else (None, None)))
            for place, one in enumerate(reviewed.catching)
        ],
        "all_customers": None
        if extra is None
        else {"since": extra.since, "until": extra.until, "first_notifications_under_todays_policy": extra.today},
    }


def _judged(one: Judged, more_of_all: int | None, more_a_week: float | None) -> dict[str, Any]:
    candidate = one.candidate
    return {
        "path": candidate.path,
        "before": candidate.before,
        "after": candidate.after,
        "notified": _ask(one.first),
        "more_first_notifications": one.more_notifications,
        "more_of_all_customers": more_of_all,
        "more_of_all_customers_a_week": more_a_week,
    }


def _ask(ask: Ask | None) -> dict[str, Any] | None:
    return None if ask is None else {"at": ask.at, "person": ask.person, "signal": ask.kind}
