"""Reads an order's story and judges its loss on escalation's database. Start at `read_review`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import attrgetter

from services.cli.journal import OF_ACCOUNTS, SHARED, JournalRows
from services.cli.review.story import Story, story_of
from services.escalation.domain.entities import Order, Signal
from services.escalation.domain.installation import Installation
from services.escalation.domain.losses.details import LossDetails, Written
from services.escalation.domain.policy.versions import BEGINNING, Policies
from services.escalation.domain.results import Result
from services.escalation.domain.rules_version import RULES_VERSION
from services.escalation.replaying.journaled import Journaled
from services.escalation.replaying.outcomes import Outcome, outcomes_of
from services.escalation.replaying.recall import Difference, Recall, RecallTerms, StoredAlert
from services.escalation.replaying.review import DecidedLoss, NotificationCounts, Reviewed, loss_of, review, signals_of
from services.escalation.replaying.trials import Lived, Trials, TrialTerms
from services.escalation.store.journal import JournalSpan, inputs_by_subject, inputs_of, journal_span
from services.escalation.store.losses import losses_of_order
from services.escalation.store.policies import load
from services.escalation.store.recall import alerts_of, unread
from services.escalation.store.reviewing import order_record
from shared.contracts.orders import OrderPlaced
from shared.database import Connection

BEST = 3
"""So many of the candidates are tried on the whole journal."""


class UnknownOrder(LookupError):
    """There is no such order. The text says so."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command was asked for. `counted_since`: from when notifications of the whole journal count."""

    order_id: str
    with_words: bool = False
    extra_notifications: bool = False
    counted_since: datetime | None = None
    progress: Callable[[int, int], None] = lambda _done, _total: None


@dataclass(frozen=True, slots=True)
class ExtraNotifications:
    """Rings of new troubles in the whole journal, under today's policy, and how many more under the best candidates, in
    all and a week (None: it is shorter than a week)."""

    since: datetime
    until: datetime
    today: int
    more: Sequence[int]
    more_a_week: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the replay of the account says. `is_exact`: it raises the very alerts that are stored."""

    outcome: Outcome | None
    signals: Sequence[Signal]
    missed: Sequence[Difference]
    reviewed: Reviewed | None
    is_exact: bool
    extra_notifications: ExtraNotifications | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """A reviewed order. Without `replayed`, `not_replayed` says why. `save` is its last save, as later facts show it;
    `is_open`: an episode of it is open. `received` has the type, the time and the time of receipt of each fact."""

    order: Order
    story: Story = field(repr=False)
    losses: Sequence[LossDetails] = field(repr=False)
    policy_version: int
    replayed: Replayed | None = None
    not_replayed: str | None = None
    save: Result | None = None
    is_open: bool = False
    received: Sequence[tuple[str, datetime, datetime]] = ()

    def reported_after(self, loss: DecidedLoss, *, also_sale: bool) -> bool:
        """Whether all that had happened before a loss, with or without the sale, was reported only after it."""
        before = [
            known for type, at, known in self.received if at < loss.at and (also_sale or type != OrderPlaced.type)
        ]
        return bool(before) and min(before) >= loss.at


@dataclass(frozen=True, slots=True)
class _Sources:
    """What the replays are made of."""

    connection: Connection
    span: JournalSpan
    policies: Policies
    installation: Installation
    shared: Sequence[Journaled]
    inputs: Sequence[Journaled]

    @property
    def trusted_since(self) -> datetime:
        return self.span.older_rules_until or BEGINNING


async def read_review(connection: Connection, installation: Installation, asked: Asked) -> Review:
    """The story of an order and, if it was lost, the judgement of its loss. Raises UnknownOrder."""
    record = await order_record(connection, asked.order_id)
    if record is None:
        raise UnknownOrder(
            f"Order {asked.order_id} is not known. `handoff waiting` lists facts and signals that still wait for their "
            "order."
        )
    policies, order = await load(connection), record.order
    story = story_of(record, with_words=asked.with_words)
    losses = await losses_of_order(connection, asked.order_id, policies)
    if not asked.with_words:
        losses = [replace(one, written=Written(None, None), said=()) for one in losses]
    span, rows = await journal_span(connection, RULES_VERSION), JournalRows(lambda _read: None)
    inputs = rows.inputs(await inputs_of(connection, OF_ACCOUNTS, order.account_id))
    missing = _missing(span, order, inputs)
    received = [(one.type, one.at, one.received_at) for one in record.received]
    is_open = any(one.episode.closed_at is None for one in record.episodes)
    found = Review(order, story, losses, policies.latest.version, None, missing, record.last_save, is_open, received)
    if span is None or missing is not None:
        return found
    shared = [one async for records in inputs_by_subject(connection, SHARED) for one in rows.inputs(records)]
    shared.sort(key=attrgetter("place"))
    sources = _Sources(connection, span, policies, installation, shared, inputs)
    return replace(found, replayed=await _replayed(sources, asked))


def _missing(span: JournalSpan | None, order: Order, inputs: Sequence[Journaled]) -> str | None:
    """Why the account cannot be replayed, if so."""
    if span is None or not inputs:
        return "The journal has no inputs of this customer: they were deleted or erased."
    if order.seen_at < span.first:
        return f"The journal begins on {span.first:%Y-%m-%d %H:%M} UTC, after this sale: earlier inputs were deleted."
    return None


async def _replayed(sources: _Sources, asked: Asked) -> Replayed:
    terms = TrialTerms(sources.policies, sources.installation, sources.span.last, sources.trusted_since)
    trials = Trials(terms, sources.shared)
    lived = trials.lived(sources.inputs)
    state, order_id = lived.replay.state, asked.order_id
    loss = loss_of(order_id, state, sources.inputs)
    reviewed = None if loss is None else review(order_id, loss, trials, lived, sources.inputs, asked.progress)
    missed, is_exact = await _compared(sources, lived)
    return Replayed(
        outcomes_of(state, sources.inputs).get(order_id),
        signals_of(order_id, state),
        [one for one in missed if one.order_id in (order_id, None)],
        reviewed,
        is_exact,
        await _extra_notifications(sources, trials, reviewed, asked)
        if reviewed is not None and asked.extra_notifications
        else None,
    )


async def _compared(sources: _Sources, lived: Lived) -> tuple[list[Difference], bool]:
    """What `handoff recall` finds about the account, and whether the replay raises the stored alerts."""
    span, account = sources.span, sources.inputs[0].event.subject
    stored = {
        row["alert_id"]: StoredAlert(row["recipient"], tuple(zip(row["states"], row["lists"], strict=True)))
        for row in await alerts_of(sources.connection, account)
    }
    since = max(sources.trusted_since, span.first)
    recall = Recall(RecallTerms(sources.policies, sources.installation, since, span.last, sources.trusted_since))
    recall.replay_directory(sources.shared)
    gone = await unread(sources.connection, since, span.last)
    is_whole = not span.is_trimmed and account not in gone.erased_accounts
    found = recall.compare(recall.replay(sources.inputs), stored, is_whole=is_whole)
    return found, stored.keys() == lived.replay.alerts.keys()


async def _extra_notifications(
    sources: _Sources, trials: Trials, reviewed: Reviewed, asked: Asked
) -> ExtraNotifications:
    """Replay every account under today's policy and under the best candidates."""
    since = max(asked.counted_since or sources.trusted_since, sources.trusted_since, sources.span.first)
    counts = NotificationCounts(trials, [one.candidate for one in reviewed.catching[:BEST]], since)
    total = sum(sources.span.inputs.values()) - sources.span.erased
    rows = JournalRows(lambda read: asked.progress(read, total))
    async for records in inputs_by_subject(sources.connection, OF_ACCOUNTS):
        if inputs := rows.inputs(records):
            counts.add(inputs)
    until = sources.span.last
    return ExtraNotifications(since, until, counts.today, counts.more, counts.more_a_week(until))
