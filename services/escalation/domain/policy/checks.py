"""Checks that a policy makes sense as a whole, after each value was checked by itself."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import chain, pairwise
from typing import TypeAlias

from services.escalation.domain.policy.lines import Path
from services.escalation.domain.policy.model import CHOSEN_RESULTS, CLEARED, Play, Policy
from services.escalation.domain.policy.reasons import CustomerReasons, Reason
from services.escalation.domain.policy.values import DAY, PROMISE, span_words
from shared.contracts.escalation import LADDER, EpisodeResult, Severity, SignalKind

MOST_OVERRIDES = 200
"""The maximum number of overrides in a document: a process applies each once, while it serves a page."""

_LONGEST_WINDOW = timedelta(hours=1)
"""The longest window of a storm: held alerts are sent when it ends, even if the policy is corrected meanwhile."""

_LONGEST_REMINDER = timedelta(hours=1)
"""The longest time between an appointment's reminder and the appointment: a talk in it is the promised call."""

_LONGEST_WAIT = timedelta(hours=1)
"""The longest wait of an e-mail for a response to a notification on a device. An attempt that stays without a result
so long that it is given up has taken longer."""

_FILLED_IN = {SignalKind.DELIVERY_LATE.value: DAY, SignalKind.PROMISE_MISSED.value: PROMISE}
"""The placeholder that the lines of a play may have."""
_NO_BRACES = (
    "must not use braces: only the lines of delivery_late have a {day}, and those of promise_missed a {promise}"
)

Fault: TypeAlias = tuple[Path, str]
"""The faulty member, and what is allowed there."""


def faults(policy: Policy) -> Iterator[Fault]:
    """All faults, each with its member."""
    yield from chain(_hours(policy), _times(policy), _ladder(policy), _channels(policy))
    yield from chain(_reasons(policy), _customers_codes(policy.customer_reasons), _plays(policy))
    yield from _overrides(policy)


def _hours(policy: Policy) -> Iterator[Fault]:
    company, customers = policy.company, policy.customers
    if company.region is not None and company.country is None:
        yield ("company", "region"), "must have a country: a region is part of one"
    if customers.callable_until <= customers.callable_from:
        yield ("customers", "callable_until"), f"must be later than callable_from, {customers.callable_from}"


def _times(policy: Policy) -> Iterator[Fault]:
    """Faults of spans that must not be zero, or nothing would ever be in time, and of spans that are too long."""
    acknowledgement, repeats = policy.acknowledgement, policy.ladder.repeats
    positive: dict[Path, timedelta] = {
        ("storms", "window"): policy.storms.window,
        ("results", "saved", "proven_after"): policy.results.saved.proven_after,
        ("ladder", "repeats", "first"): repeats.first,
        ("signals", "contact_repeated", "within"): policy.signals.contact_repeated.within,
        ("signals", "gone_quiet", "silent_for"): policy.signals.gone_quiet.silent_for,
        ("losses", "look_back"): policy.losses.look_back,
        ("win_back", "after"): policy.win_back.after,
        ("win_back", "again_after"): policy.win_back.again_after,
        ("win_back", "lapses_after"): policy.win_back.lapses_after,
        **{("win_back", "after_reason", code): span for code, span in policy.win_back.after_reason.items()},
        ("save_window", "within"): policy.save_window.within,
        ("save_window", "legal_limit"): policy.save_window.legal_limit,
        ("acknowledgement", "longest_appointment"): acknowledgement.longest_appointment,
        ("acknowledgement", "longest_snooze"): acknowledgement.longest_snooze,
        ("acknowledgement", "longest_hand_over"): acknowledgement.longest_hand_over,
    }
    for severity in Severity:
        positive["acknowledgement", "redeem_within", severity.value] = acknowledgement.redeem_within.of(severity)
        for step in LADDER:
            positive["ladder", severity.value, step.value] = policy.ladder.of(severity).of(step)
    for path, span in positive.items():
        if not span:
            yield path, "must be longer than zero"
    if policy.storms.window > _LONGEST_WINDOW:
        yield ("storms", "window"), f"must be at most {span_words(_LONGEST_WINDOW)}"
    if acknowledgement.remind_before > _LONGEST_REMINDER:
        yield ("acknowledgement", "remind_before"), f"must be at most {span_words(_LONGEST_REMINDER)}"
    if repeats.longest < repeats.first:
        yield ("ladder", "repeats", "longest"), f"must be at least ladder.repeats.first, {span_words(repeats.first)}"


def _ladder(policy: Policy) -> Iterator[Fault]:
    """Faults of the ladder: a higher severity must not allow more time to respond or a longer wait."""
    bounds = policy.ladder.skip_unless_at_work_within
    for less, more in pairwise(Severity):
        if bounds.of(more) > bounds.of(less):
            known = f"ladder.skip_unless_at_work_within.{less.value}, {span_words(bounds.of(less))}"
            yield ("ladder", "skip_unless_at_work_within", more.value), f"must be at most {known}"
        for step in LADDER:
            limit = policy.ladder.of(less).of(step)
            if policy.ladder.of(more).of(step) > limit:
                known = f"ladder.{less.value}.{step.value}, {span_words(limit)}"
                yield ("ladder", more.value, step.value), f"must be at most {known}"
        limit = policy.acknowledgement.redeem_within.of(less)
        if policy.acknowledgement.redeem_within.of(more) > limit:
            known = f"acknowledgement.redeem_within.{less.value}, {span_words(limit)}"
            yield ("acknowledgement", "redeem_within", more.value), f"must be at most {known}"


def _channels(policy: Policy) -> Iterator[Fault]:
    """Faults of waiting e-mails: a higher severity must not wait longer, and none too long."""
    waits, path = policy.channels.email_after_push, ("channels", "email_after_push")
    for severity in Severity:
        if waits.of(severity) > _LONGEST_WAIT:
            yield (*path, severity.value), f"must be at most {span_words(_LONGEST_WAIT)}"
    for less, more in pairwise(Severity):
        if waits.of(more) > waits.of(less):
            known = f"channels.email_after_push.{less.value}, {span_words(waits.of(less))}"
            yield (*path, more.value), f"must be at most {known}"


def _reasons(policy: Policy) -> Iterator[Fault]:
    for result in CHOSEN_RESULTS:
        reasons = policy.reasons.get(result, ())
        if not reasons:
            yield ("reasons", result.value), "must have at least one reason"
        yield from chain(_twice(result, reasons), _classes(result, reasons))
    if CLEARED not in {reason.code for reason in policy.reasons.get(EpisodeResult.CAUSE_GONE, ())}:
        yield ("reasons", EpisodeResult.CAUSE_GONE.value), f"must have a reason with the code {CLEARED}"


def _classes(result: EpisodeResult, reasons: tuple[Reason, ...]) -> Iterator[Fault]:
    for index, reason in enumerate(reasons):
        if reason.of_class is not None and result is not EpisodeResult.LOST:
            yield ("reasons", result.value, index, "class"), "has no effect here: only reasons of lost have a class"


def _customers_codes(reasons: CustomerReasons) -> Iterator[Fault]:
    seen: set[str] = set()
    for known, codes in reasons.items():
        for index, code in enumerate(codes):
            if code in seen:
                yield ("customer_reasons", known.value, index), "is listed before: a code has one class"
            seen.add(code)


def _twice(result: EpisodeResult, reasons: tuple[Reason, ...]) -> Iterator[Fault]:
    seen: Counter[str] = Counter()
    for index, reason in enumerate(reasons):
        seen[reason.code] += 1
        if seen[reason.code] > 1:
            yield ("reasons", result.value, index, "code"), "must differ from those before"


def _plays(policy: Policy) -> Iterator[Fault]:
    plays: dict[Path, Play] = {("by_signal", kind.value): play for kind, play in policy.plays.by_signal.items()}
    plays["unmoved_order",] = policy.plays.unmoved_order
    if policy.plays.late_without_day is not None:
        plays["late_without_day",] = policy.plays.late_without_day
    for path, play in plays.items():
        if play.offer is None and (play.offer_percent or play.offer_at_most):
            yield ("plays", *path), "must have an offer in words, or no limits"
        yield from _braces(("plays", *path), play)


def _braces(path: Path, play: Play) -> Iterator[Fault]:
    """Faults of braces that nothing fills in: they would be read to a customer."""
    known = _FILLED_IN.get(str(path[-1]))
    lines: dict[Path, str] = {("say", index): line for index, line in enumerate(play.say)}
    lines |= {("say_for_others", index): line for index, line in enumerate(play.say_for_others)}
    for place, line in lines.items():
        rest = line.replace(known, "") if known else line
        if "{" in rest or "}" in rest:
            yield (*path, *place), f"must have only {known} in braces" if known else _NO_BRACES
    if play.offer is not None and ("{" in play.offer or "}" in play.offer):
        yield (*path, "offer"), "must not use braces"


def _overrides(policy: Policy) -> Iterator[Fault]:
    if len(policy.overrides) > MOST_OVERRIDES:
        yield ("overrides", MOST_OVERRIDES), f"there must be at most {MOST_OVERRIDES} overrides"
    first: dict[tuple[str | None, str | None], int] = {}
    for index, override in enumerate(policy.overrides):
        earlier = first.setdefault((override.segment, override.product), index)
        if earlier != index:
            same = f"overrides[{earlier}] has the same segment or product"
            yield ("overrides", index), f"never applies, because {same}: remove one of them"
