"""The judgement of a loss for people: when a notification was first possible, and what would have caught the loss.

Start at `judgement_of`.
"""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Column, Table
from rich.text import Text

from services.cli.review.reading import BEST, ExtraNotifications, Replayed, Review
from services.cli.review.sentences import at_minute, lasting
from services.cli.terminal import counted, printable
from services.escalation.domain.entities import Signal
from services.escalation.domain.words.signals import SIGNAL_LABELS
from services.escalation.replaying.asks import Ask
from services.escalation.replaying.review import MATTERS, Judged, Reviewed

_MOST_LISTED = 10
_NOT_EXACT = (
    "Caution: the replay does not raise the very alerts that are stored, because inputs are missing or other rules "
    "decided some of them."
)


def judgement_of(review: Review) -> Iterator[RenderableType]:
    """The last sections of the page."""
    replayed = review.replayed
    if replayed is None:
        yield from (Text(), Text(f"Nothing can be judged. {review.not_replayed}"))
        return
    yield from (Text(), Text("When a notification was first possible", style="bold underline"))
    yield from (Text(printable(line)) for line in _first(replayed))
    if replayed.reviewed is None:
        return
    yield from (Text(), Text("What would have caught it", style="bold underline"))
    if not replayed.is_exact:
        yield Text(_NOT_EXACT)
    yield from (Text(printable(line)) for line in _as_it_was(replayed.reviewed, review.policy_version))
    yield from _candidates(review, replayed.reviewed)
    if replayed.extra_notifications is not None and replayed.reviewed.catching:
        yield from _weekly(replayed.reviewed.catching, replayed.extra_notifications)


def _first(replayed: Replayed) -> Iterator[str]:
    reviewed, signal = replayed.reviewed, first_signal(replayed)
    if signal is None:
        before = " before the loss" if reviewed is not None else ""
        yield f"Under the policy that counted, nothing was a signal{before}."
        return
    late = signal.seen_at - signal.at
    known = f", known {lasting(late)} later" if late >= MATTERS else ""
    yield f"{SIGNAL_LABELS[signal.kind]} {at_minute(signal.at)}{known}, under policy {signal.policy_version}."


def first_signal(replayed: Replayed) -> Signal | None:
    """The first signal of the order; of a lost one, the first before the loss that counts for it."""
    reviewed = replayed.reviewed
    if reviewed is None:
        return next(iter(replayed.signals), None)
    counted_ones = (one for one in replayed.signals if reviewed.since < one.at < reviewed.loss.at)
    return next(counted_ones, None)


def _as_it_was(reviewed: Reviewed, version: int) -> Iterator[str]:
    loss, asked = reviewed.loss, reviewed.asked
    if asked is None:
        yield "As it was, nobody was notified."
    elif reviewed.in_time is None:
        after = asked.at - loss.at
        late = f"{lasting(after)} after it" if after >= MATTERS else "right after it"
        yield f"As it was, nobody was notified before the loss. {_notified(asked)}, {late}."
    else:
        yield f"As it was, {_notified(asked)}, {lasting(loss.at - asked.at)} before the loss."
    today, is_changed = reviewed.today, version > 1
    if is_changed and today is not None and (asked is None or today.at <= asked.at - MATTERS):
        yield f"Since then the policy was changed: under version {version}, {_would(reviewed, today)}."
    elif is_changed and today is None and reviewed.in_time is not None:
        yield f"Since then the policy was changed: under version {version}, nobody would be notified before the loss."
    if today is not None:
        yield "Only changes that would have notified a person earlier than that are of use."


def _notified(ask: Ask) -> str:
    return f"{ask.person} was notified {at_minute(ask.at)} ({SIGNAL_LABELS[ask.kind].lower()})"


def _would(reviewed: Reviewed, ask: Ask) -> str:
    before = lasting(reviewed.loss.at - ask.at)
    label = SIGNAL_LABELS[ask.kind].lower()
    return f"{ask.person} would have been notified {at_minute(ask.at)} ({label}), {before} before the loss"


def _candidates(review: Review, reviewed: Reviewed) -> Iterator[RenderableType]:
    tried = f"{counted(reviewed.tried, 'change')} of one value"
    if not reviewed.catching and review.reported_after(reviewed.loss, also_sale=True):
        yield Text("No policy could have: everything was reported after it.")
        return
    if not reviewed.catching:
        what = "a person before the loss" if reviewed.today is None else "a person earlier"
        yield Text(f"None of {tried} of the policy would have notified {what}.")
        if review.reported_after(reviewed.loss, also_sale=False):
            yield Text("Everything but the sale was reported after the loss.")
        return
    best = reviewed.catching[0]
    assert best.first is not None
    yield Text(printable(f"The cheapest change: {best.candidate.line} (now {best.candidate.before})."), style="bold")
    yield Text(printable(f"Then {_would(reviewed, best.first)}{_earlier(reviewed, best.first)}."))
    yield Text(f"{len(reviewed.catching):,} of {tried} would have caught it, the cheapest first:")
    yield _table(reviewed)
    if len(reviewed.catching) > _MOST_LISTED:
        yield Text(f"The first {_MOST_LISTED} are listed; --json prints all.")
    yield Text(_about_counts(reviewed.today_notifications), style="dim")


def _about_counts(today: int) -> str:
    return (
        f"The last column counts first notifications of new troubles of this customer (today's policy: {today:,}), not "
        "later steps or reminders: those depend on responses that nobody knows."
    )


def _earlier(reviewed: Reviewed, ask: Ask) -> str:
    """How much earlier than what happened."""
    was = reviewed.asked
    return f", {lasting(was.at - ask.at)} earlier than it was" if was is not None and was.at > ask.at else ""


def _table(reviewed: Reviewed) -> Table:
    names = ("change", "now", "who", "when", "before the loss", "more alerts")
    table = Table(*(Column(name, overflow="fold") for name in names), box=None, padding=(0, 2, 0, 0))
    for one in reviewed.catching[:_MOST_LISTED]:
        ask = one.first
        assert ask is not None
        cells = (one.candidate.line, one.candidate.before or "", ask.person, f"{ask.at:%Y-%m-%d %H:%M}")
        table.add_row(*map(_cell, (*cells, lasting(reviewed.loss.at - ask.at), f"{one.more_notifications:+,}")))
    return table


def _weekly(catching: Sequence[Judged], extra: ExtraNotifications) -> Iterator[RenderableType]:
    yield Text()
    yield Text("Extra notifications", style="bold underline")
    yield Text(
        f"Of all customers, from {extra.since:%Y-%m-%d %H:%M} to {extra.until:%Y-%m-%d %H:%M}: "
        f"{counted(extra.today, 'first notification')} under today's policy."
    )
    for one, more, weekly in zip(catching[:BEST], extra.more, extra.more_a_week, strict=True):
        notifications = f"{more:+,}" + (f", {weekly:+,.1f} a week" if weekly is not None else " in less than a week")
        yield Text(printable(f"  {one.candidate.line}: {notifications}"))


def _cell(text: str) -> Text:
    return Text(printable(text))
