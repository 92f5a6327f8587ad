"""docs/signals.md, from the rules and the policy that ships; `python -m services.cli.signals_page` writes it."""

from collections.abc import Iterator

from deploy.local.processes import PROJECT
from services.escalation.domain.findings.clearing import CLEARINGS, UNANSWERED
from services.escalation.domain.findings.raised import RAISED
from services.escalation.domain.policy.document import shipped
from services.escalation.domain.words import SIGNAL_LABELS, money
from shared.contracts.escalation import SignalKind

PAGE = PROJECT / "docs" / "signals.md"

_HEAD = """\
# Signals

What puts a sale at risk, as the code finds it. `python -m services.cli.signals_page` writes this page, and a test
fails when it is old.

A signal is found from everything told of a customer, by when it happened and not by when it was heard. Something
later can settle it; something told late can show that it never was. “This much” and the like are the thresholds in the
last column. Values are those of the policy that ships (`handoff policy show`): each is a line of `[signals.…]` there,
where each kind can also be switched off.
"""
_TABLE = """
| signal | raised when | settled by | severity | threshold |
| --- | --- | --- | --- | --- |
"""
_PLAYS = """
## What the play says

What whoever takes it may say and offer (`[plays.by_signal.…]`). It never delays what the customer is entitled to.
Customers who asked not to be called, or are in a dispute, get none of it.
"""


def text() -> str:
    """The page."""
    return "".join(
        [_HEAD, _TABLE, *map(_row, SignalKind), _PLAYS, *(line for kind in SignalKind for line in _play(kind))]
    )


def _row(kind: SignalKind) -> str:
    settled = CLEARINGS[kind].words
    if kind is SignalKind.CONTACT_DEAD_ENDED:
        settled += f" Of an unanswered contact: {UNANSWERED.words[0].lower()}{UNANSWERED.words[1:]}"
    rule = shipped().signals.of(kind)
    name = f"{SIGNAL_LABELS[kind]}<br>`{kind.value}`"
    return f"| {name} | {RAISED[kind]} | {settled} | {rule.severity.value} | {_thresholds(kind)} |\n"


def _thresholds(kind: SignalKind) -> str:
    values = shipped().signals.of(kind).model_dump(mode="json", exclude={"enabled", "severity"})
    return "<br>".join(f"`{name} = {value}`" for name, value in values.items())


def _play(kind: SignalKind) -> Iterator[str]:
    play = shipped().plays.by_signal.get(kind)
    yield f"\n**{SIGNAL_LABELS[kind]}**"
    if play is None:
        yield ": no play.\n"
        return
    yield "\n\n"
    yield from (f"> “{sentence}”\n>\n" for sentence in play.say)
    yield f"> {_offer(kind)}\n"


def _offer(kind: SignalKind) -> str:
    play = shipped().plays.by_signal[kind]
    if play.offer is None:
        return "Nothing is offered."
    if not play.offer_percent:
        return f"Offer: {play.offer}"
    most = ", ".join(money(amount, currency) for currency, amount in play.offer_at_most.items())
    limits = f", and {most}; in no other currency an amount." if most else "."
    asked = " Never more than is asked back." if kind is SignalKind.REFUND_REQUESTED else ""
    return f"Offer: {play.offer} At most {play.offer_percent} % of the order{limits}{asked}"


if __name__ == "__main__":
    PAGE.write_text(text(), "utf-8")
