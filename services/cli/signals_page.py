"""docs/signals.md, from the rules and the policy that ships; `python -m services.cli.signals_page` writes it."""

from collections.abc import Iterator

from deploy.local.processes import PROJECT
from services.escalation.domain.policy.document import shipped
from services.escalation.domain.policy.model import Play
from services.escalation.domain.policy.values import span_words
from services.escalation.domain.signals import SIGNALS
from services.escalation.domain.signals.definition import SignalDefinition
from services.escalation.domain.words import money
from shared.contracts.escalation import SignalKind

PAGE = PROJECT / "docs" / "signals.md"

_HEAD = """\
# Signals

Events and silences that put a sale at risk. `python -m services.cli.signals_page` generates this page from the code,
and a test fails when the page is out of date.

Signals are computed from everything reported about a customer, by the time of each event and not by the time of its
report. Later events can settle a signal; an event reported late can disprove it. The rules name the thresholds in the
last column. The values are those of the shipped policy (`handoff policy show --shipped`), in its `[signals.…]` tables.
Each kind can also be switched off there.
"""
_RULES = """
## Facts of the same instant

Publishers report times in minutes or seconds. Within one instant the order is: the opening of a case; all other facts,
a status first; ends (a case resolved or closed, a request withdrawn, a promise kept, an order confirmed, delivered or
cancelled); the reopening of a case. An end settles the signals of its instant. A conversation is not an end in this
sense: a dead end at the same instant stays open. Among several statuses of one instant the most advanced one decides
whose turn it is: nobody's, else the customer's, else ours.

After the end of a case, later facts do not raise the signals that the end settles. The exceptions are a reopening, a
contact, a request and a rating. A status after the end reopens the case, without a signal, if it makes it our turn or
the customer's. Two reopenings before one end are one signal.

A case is over when it is resolved or closed. It is also over when a status makes it nobody's turn (merged, spam,
closed). Nothing is owed on it any more: no promised answer is due, and no one waits for a reply. A case that ended by a
status is open again as soon as another status makes it our turn or the customer's, or the customer contacts us or makes
a request on it. A withdrawal applies to the case if it names one, else to the order, else to the whole account.

## Whose turn it is

The word of a status, or `waiting_for` on an opening or a status, says whose turn a case is (`[statuses]`: `us`,
`customer` or `nobody`). While it is the customer's turn, a case does not count as stuck until {customers_turn_for}
have passed, and earlier contacts need no answer. A contact or a request by the customer on the case makes it our
turn. While it is nobody's turn, the case is over; contacts still wait for their answer, because a status proves no
conversation. A turn stops nothing else: no deadline of a salesperson and no stalled order. The customer's turn stops
neither a promised answer nor the silence of the customer.

## One contact, one request

Lines with one `conversation` are one contact. So are lines on one matter and channel (chat, message, web), each at most
{same_conversation_within} after the line before. A call without a `conversation` is a contact of its own. This rule
only counts contacts: each line still needs its answer.

A request of the same kind on the same matter (the case if it names one, else the order, else the account) within
{same_request_within} of the earliest is the same request, while that one is open, its episode is open and no one has
spoken to the customer since. A repeated report of it notifies no one. If the customer asks again, in other words or
for another amount, the request is updated and notifies again.

A fact can say that no answer is needed (`answer_not_needed`, or `case_closed` with a `reason`). A goodbye, or a
contact answered elsewhere, withdraws a dead end made of silence, and the contact no longer counts among repeated
contacts. It never withdraws a reported dead end, a request or a rating. Spam and tests undo everything that the
contact, or the case until then, raised and settled. A fact with `test: true` raises nothing. A contact in which the
customer says that they are leaving (`intent`) is a cancellation request.
"""
_TABLE = """
| signal | raised when | settled by | severity | threshold |
| --- | --- | --- | --- | --- |
"""
_EXAMPLES = """
## Examples

Each line lists facts about one account, each preceded by its hour. After the arrow come the hours from which and until
which the signal is open: `5 to 6` was raised at hour 5 and settled at hour 6; `5` is still open at the end. All hours
are working hours, the thresholds are the shipped ones, and a test runs every line. `inbound` and `outbound` are
contacts.
"""
_PLAYS = """
## What a salesperson reports

A promise of the customer's own (`owed_by = "customer"`) is never missed and raises no signal; the seller is asked to
remind them.

A salesperson with a follow-up can report the customer's answer: that a promise was kept, or that they did or did not
get the result they wanted. This proves nothing. A promise reported as kept before it was due counts as missed only once
the customer complains afterwards, about this order or about none: a dead end, a low rating, a refund or cancellation
request, a result not achieved. Then it is missed at once, or on its due date if that is later. Signals already raised
stay open: only a proof settles them. A result reported as not achieved is a signal, as if the customer had reported it.

## The plays

A play is the script and the offer for the acknowledger (`[plays.by_signal.…]`). It never delays anything to which the
customer is entitled. There is no play for customers who asked not to be called, are in a dispute or have died. Words in
[square brackets] are gaps that the caller fills in. The lines are the seller's. If a line would not be true of a
colleague, a manager or the desk, they have their own. Every caller first reads an introduction
(`[plays.introductions]`), with the company's name once the policy has it (`company.name`):
“This is Ben Ortiz from Example Ltd. I'm calling on behalf of Anna Berg, who looks after your order.”
"""


def text() -> str:
    """The page."""
    return "".join(
        [
            _HEAD,
            _TABLE,
            *map(_row, SIGNALS.values()),
            _rules(),
            _EXAMPLES,
            *map(_examples, SIGNALS.values()),
            _PLAYS,
            *(line for signal in SIGNALS.values() for line in _play(signal)),
        ]
    )


def _rules() -> str:
    signals = shipped().signals
    return _RULES.format(
        customers_turn_for=span_words(signals.case_stuck.customers_turn_for),
        same_conversation_within=span_words(signals.contact_repeated.same_conversation_within),
        same_request_within=span_words(signals.refund_requested.same_request_within),
    )


def _row(signal: SignalDefinition) -> str:
    settled, second, kind = signal.settled_by.sentence, signal.second_cause, signal.kind
    if second is not None:
        settled += f" {second.lead}: {second.settled_by.sentence[0].lower()}{second.settled_by.sentence[1:]}"
    rule = shipped().signals.of(kind)
    name = f"{signal.label}<br>`{kind.value}`"
    return f"| {name} | {signal.raised_when} | {settled} | {rule.severity.value} | {_thresholds(kind)} |\n"


def _examples(signal: SignalDefinition) -> str:
    lines = "\n".join(line.strip() for line in signal.examples.strip().splitlines())
    return f"\n**{signal.label}**\n\n```text\n{lines}\n```\n"


def _thresholds(kind: SignalKind) -> str:
    values = shipped().signals.of(kind).model_dump(mode="json", exclude={"enabled", "severity"})
    return "<br>".join(f"`{name} = {value}`" for name, value in values.items())


def _play(signal: SignalDefinition) -> Iterator[str]:
    plays, kind = shipped().plays, signal.kind
    yield from _lines(signal.label, plays.by_signal.get(kind), kind)
    if kind is SignalKind.ORDER_STALLED and signal.second_cause is not None:
        yield from _lines(f"{signal.label}: {signal.second_cause.label.lower()}", plays.unmoved_order, kind)
    if kind is SignalKind.DELIVERY_LATE:
        yield from _lines(f"{signal.label}: no new date is known", plays.late_without_day, kind)


def _lines(title: str, play: Play | None, kind: SignalKind) -> Iterator[str]:
    yield f"\n**{title}**"
    if play is None:
        yield ": no play.\n"
        return
    yield "\n\n"
    yield from (f"> “{sentence}”\n>\n" for sentence in play.say)
    yield from (f"> Not the seller: “{sentence}”\n>\n" for sentence in play.say_for_others if sentence not in play.say)
    yield f"> {_offer(play, kind)}\n"


def _offer(play: Play, kind: SignalKind) -> str:
    if play.offer is None:
        return "Nothing is offered."
    if not play.offer_percent:
        return f"Offer: {play.offer}"
    amounts = [money(amount, currency) for currency, amount in play.offer_at_most.items()]
    most = " or ".join(filter(None, (", ".join(amounts[:-1]), *amounts[-1:])))
    limits = f", at most {most}; no credit in other currencies." if most else "."
    cap = " Never more than the refund requested." if kind is SignalKind.REFUND_REQUESTED else ""
    return f"Offer: {play.offer} Up to {play.offer_percent}% of the order value{limits}{cap}"


if __name__ == "__main__":
    PAGE.write_text(text(), "utf-8")
