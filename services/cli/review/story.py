"""The story of an order from its records: every fact, every decision, and who was notified. Start at `story_of`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.escalation.domain.channels import CHANNELS
from services.escalation.domain.decisions.closing import Closed
from services.escalation.domain.decisions.handing_over import HandOverLapsed
from services.escalation.domain.decisions.notifying import Skipped, Unanswered, Unavailable
from services.escalation.domain.decisions.offering import ApprovalUnanswered
from services.escalation.domain.decisions.registry import DECISIONS_BY_RULE, names_of
from services.escalation.domain.entities import Alert, DecisionRow
from services.escalation.domain.explaining.record import Record
from services.escalation.domain.explaining.sending import sent_words
from services.escalation.domain.explaining.steps import REPORTED, ExplainedStep, reported_step, steps
from services.escalation.store.reviewing import OrderRecord
from shared.contracts.escalation import RingCause, SignalKind, Step

_SKIPPED = names_of(Skipped)
_DID_NOTHING = names_of(Unanswered, Unavailable, ApprovalUnanswered, HandOverLapsed)
_OUTCOMES = {rule: one.outcome for rule, one in DECISIONS_BY_RULE.items() if one.outcome is not None}
_OUTCOMES |= dict.fromkeys(names_of(Closed), "closed it")


@dataclass(frozen=True, slots=True)
class NotifiedRow:
    """One alert: the person, the signal, the outcome of each message, and what the person did, if anything.

    `responded_at` is set only if they acted.
    """

    at: datetime
    person: str
    step: Step
    cause: RingCause
    signal: SignalKind
    messages: tuple[str, ...]
    responded_at: datetime | None
    response: str | None


@dataclass(frozen=True, slots=True)
class Story:
    """What happened to an order. `passed_by` are the sentences about people who were not notified, each with its
    time."""

    steps: Sequence[ExplainedStep]
    notified: Sequence[NotifiedRow]
    passed_by: Sequence[tuple[datetime, str]]


def story_of(record: OrderRecord, *, with_words: bool) -> Story:
    """The story in order of time. The customer's own data is left out, unless `with_words`."""
    facts = [reported_step(one, with_words=with_words) for one in record.received]
    ours = (step for one in record.episodes for step in _ours(one, with_words=with_words))
    return Story(
        sorted([*facts, *dict.fromkeys(ours)], key=lambda step: step.at),
        sorted((row for one in record.episodes for row in _notified(one)), key=lambda row: row.at),
        sorted((one.at, one.words) for episode in record.episodes for one in episode.decisions if one.rule in _SKIPPED),
    )


def _ours(record: Record, *, with_words: bool) -> Iterator[ExplainedStep]:
    """The steps of an episode, without the reported facts: those of all episodes are there already."""
    return (step for step in steps(record, with_words=with_words) if step.what != REPORTED or step.cause is None)


def _notified(record: Record) -> Iterator[NotifiedRow]:
    kinds = {signal.signal_id: signal.kind for signal in record.signals}
    for place, alert in enumerate(record.alerts):
        again = next((one.raised_at for one in record.alerts[place + 1 :] if one.recipient == alert.recipient), None)
        response = _response(record, alert, again)
        yield NotifiedRow(
            alert.raised_at,
            alert.recipient,
            alert.step,
            alert.cause,
            kinds[alert.signal_id],
            tuple(
                sent_words(one)
                for one in record.deliveries
                if one.alert_id == alert.alert_id and not CHANNELS[one.channel].shows_at_once
            ),
            response.at if response is not None and response.rule not in _DID_NOTHING else None,
            _OUTCOMES[response.rule] if response is not None else None,
        )


def _response(record: Record, alert: Alert, until: datetime | None) -> DecisionRow | None:
    """The first decision about what the recipient did, before their next alert; None if there is none."""
    found = (
        one
        for one in record.decisions
        if one.who == alert.recipient
        and alert.raised_at <= one.at
        and (until is None or one.at < until)
        and one.rule in _OUTCOMES
    )
    return next(found, None)
