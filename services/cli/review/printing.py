"""A review for people, on one page. It ends with what would have caught the loss. Start at `shown`."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from services.cli.review.ending import ending_words
from services.cli.review.judgement import judgement_of
from services.cli.review.reading import Review
from services.cli.review.sentences import at_minute, lasting
from services.cli.review.story import NotifiedRow
from services.cli.step_rows import FIRST, LAST, days_of
from services.cli.terminal import printable
from services.escalation.domain.decisions.decision import CAUSE_PHRASES
from services.escalation.domain.entities import Order
from services.escalation.domain.explaining.steps import ExplainedStep
from services.escalation.domain.loss_class import CLASS_WORDS
from services.escalation.domain.losses.details import LossDetails
from services.escalation.domain.words import STEPS, day, money
from services.escalation.domain.words.signals import SIGNAL_LABELS
from services.escalation.replaying.recall import Difference
from shared.contracts.escalation import RingCause


def shown(review: Review, *, everything: bool) -> RenderableType:
    """The page, at most 100 columns wide. Of a long history only the ends, unless `everything` is requested."""
    return Group(
        *_heading(review),
        *_section("Why they left", [Text(printable(line)) for one in review.losses for line in _reasons(one)]),
        *_section("What happened", _days(review.story.steps, everything=everything)),
        *_section("Who was notified", _notified(review.story.notified)),
        *_section("Who was not notified, or did not respond", _missed(review)),
        *judgement_of(review),
    )


def _section(title: str, rows: Sequence[RenderableType]) -> Iterator[RenderableType]:
    if rows:
        yield from (Text(), Text(title, style="bold underline"), *rows)


def _heading(review: Review) -> Iterator[RenderableType]:
    yield Text(printable(_sale(review.order)), style="bold")
    yield Text(ending_words(review))
    yield Text("Times are UTC. Facts were received within a minute, unless stated otherwise.", style="dim")


def _sale(order: Order) -> str:
    sold = f"{order.sold_by} sold it on {day(order.sold_at)}" if order.sold_by else f"Sold on {day(order.sold_at)}"
    return f"Order {order.order_id} of account {order.account_id}, {money(order.amount_minor, order.currency)}. {sold}."


def _reasons(one: LossDetails) -> Iterator[str]:
    row, written = one.row, one.written
    yield f"Closed {at_minute(row.closed_at)}."
    yield f"  Seller says: {one.seller_says} ({row.reason})"
    if written.note:
        yield f"    “{written.note}”"
    yield f"  Customer says: {one.customer_says}"
    yield from (f"    “{said.words}”" for said in one.said if said.words)
    yield f"  Events show: {', '.join(CLASS_WORDS[shown.loss_class] for shown in one.shown)}"
    if written.could_have:
        yield f"  We could have: “{written.could_have}”"


def _days(steps: Sequence[ExplainedStep], *, everything: bool) -> list[RenderableType]:
    left_out = 0 if everything else max(0, len(steps) - FIRST - LAST)
    return list(days_of([*steps[:FIRST], *steps[FIRST + left_out :]], left_out))


def _notified(rows: Sequence[NotifiedRow]) -> list[RenderableType]:
    if not rows:
        return [Text("Nobody.")]
    table = _table("when", "who", "why", "message", "response")
    for one in rows:
        about = SIGNAL_LABELS[one.signal]
        if one.cause is not RingCause.SIGNAL:
            about += f", {CAUSE_PHRASES[one.cause]}"
        cells = (_minute(one.at), f"{one.person} ({STEPS[one.step]})", about, "; ".join(one.messages), _response(one))
        table.add_row(*map(_cell, cells))
    return [table]


def _response(one: NotifiedRow) -> str:
    after = f", after {lasting(one.responded_at - one.at)}" if one.responded_at is not None else ""
    return f"{one.response}{after}" if one.response is not None else "none"


def _missed(review: Review) -> list[RenderableType]:
    found: list[RenderableType] = [Text(printable(f"{at_minute(at)}: {it}")) for at, it in review.story.passed_by]
    missed = review.replayed.missed if review.replayed is not None else ()
    if missed:
        table = _table("signal", "arose", "who", "why not")
        for one in missed:
            table.add_row(*map(_cell, _difference(one)))
        found.append(table)
    return found


def _difference(one: Difference) -> tuple[str, ...]:
    return SIGNAL_LABELS[one.kind], _minute(one.at), one.person or "not known", one.words


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def _table(*names: str) -> Table:
    return Table(*(Column(name, overflow="fold") for name in names), box=None, padding=(0, 2, 0, 0))


def _cell(text: str) -> Text:
    return Text(printable(text))
