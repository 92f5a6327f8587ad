"""An account's facts in order, and the state of its cases, orders and talks that follows. Start at `Facts`."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from tests.faults.checker.arriving import walked
from tests.faults.checker.facts import ENDS, OF_ORDERS, Fact

ENDS_CASE = ("case_resolved", "case_closed")
_STATUSES = ("case_opened", "case_progressed")
_SAYS_NOTHING = (
    "sold", "promise", "customer_duty", "delivery_due", "order_lines", "promise_said_kept", "customer_duty_said_done",
    "outcome_said",
)  # fmt: skip
"""Facts of an order that do not count as progress after its sale."""
Fits: TypeAlias = Callable[[Fact], bool]


class Facts:
    """The account's facts that count, in the order in which they happened. Courtesy contacts, spam and tests do not
    count."""

    def __init__(self, account: str, facts: Iterable[Fact], rules: Mapping[str, Any]) -> None:
        self.account = account
        self.rules = rules
        known = [fact for fact in facts if not fact.courtesy]
        self._unneeded = [fact for fact in known if fact.kind == "answer_not_needed"]
        counting = (one for one in known if one not in self._unneeded and not self._is_unneeded(one, "spam", "test"))
        self.all = sorted(counting, key=lambda fact: fact.key)
        opened = (fact for fact in known if fact.kind == "case_opened" and fact.order is not None)
        openings = sorted(opened, key=lambda fact: fact.key, reverse=True)
        self._order_of_case = {fact.case: fact.order for fact in openings}

    def turn(self, status: Fact) -> str | None:
        """Whose turn a status makes it: as reported, else by the policy's reading of its word."""
        reported: str | None = status.data.get("waiting_for") or self.rules["statuses"].get(status.word)
        return reported

    def whose_turn(self, case: str | None, at: datetime) -> str | None:
        """Whose turn it is on a case at a time. A contact or request by the customer after the last status makes it
        ours.

        Among statuses of one instant, nobody's turn wins over the customer's, and the customer's over ours.
        """
        said = [fact for fact in self.all if fact.case == case and fact.at <= at and fact.kind in _STATUSES]
        known = [fact for fact in said if self.turn(fact) is not None]
        if not known:
            return None
        last = known[-1]
        asked = self.first(lambda fact: fact.case == case and fact.asks, last.at)
        if asked is not None and asked.at <= at:
            return "us"
        turns = {self.turn(fact) for fact in known if (fact.at, fact.place) == (last.at, last.place)}
        return next(turn for turn in ("nobody", "customer", "us") if turn in turns)

    def state(self, case: str | None, until: Fact) -> str | None:
        """Whether a case is open or over once this fact has happened; None before it was opened."""
        state = None
        for fact in self.all:
            status = fact.kind == "case_progressed" and fact.at == until.at
            if fact.case != case or (fact.key > until.key and not status):
                continue
            if fact.kind in ("case_opened", "case_reopened"):
                state = "open"
            elif fact.kind in ENDS_CASE:
                state = "over"
            elif state == "over" and fact.kind == "case_progressed" and self.turn(fact) in ("us", "customer"):
                state = "open"
        return state

    def is_over(self, fact: Fact) -> bool:
        """Whether the fact happened after the end of its case."""
        return fact.case is not None and (self.state(fact.case, fact) == "over" or self._is_nobodys(fact))

    def is_last(self, fact: Fact) -> bool:
        """Whether the fact is a status after which nothing is owed on its case."""
        return fact.kind == "case_progressed" and self.turn(fact) == "nobody"

    def _is_nobodys(self, fact: Fact) -> bool:
        """Whether, since the case was opened or ended, the last status makes it nobody's turn and the customer has been
        silent."""
        own = [one for one in self.all if one.case == fact.case and one.case is not None]
        bounds = [
            one for one in own if one.kind in (*ENDS_CASE, "case_opened", "case_reopened") and one.key <= fact.key
        ]
        said = [one for one in own if one.kind == "case_progressed" and one.at <= fact.at and self.turn(one)]
        if not said or (bounds and bounds[-1].key > said[-1].key):
            return False
        if not any(self.is_last(one) for one in said if one.at == said[-1].at):
            return False
        return not any(one.asks and said[-1].at < one.at <= fact.at for one in own)

    def of(self, *kinds: str) -> list[Fact]:
        return [fact for fact in self.all if fact.kind in kinds]

    def cases(self) -> list[str]:
        return sorted({fact.case for fact in self.all if fact.case is not None and fact.kind not in OF_ORDERS})

    def order_of(self, fact: Fact) -> str | None:
        return fact.order or self._order_of_case.get(fact.case)

    def _is_unneeded(self, fact: Fact, *reasons: str) -> bool:
        """Whether a report gives one of these reasons for this contact, or for its case at or after the fact."""
        said = [one for one in self._unneeded if one.data["reason"] in reasons]
        named = any(fact.id in one.contacts for one in said)
        return named or any(
            not one.contacts and one.case == fact.case and fact.at <= one.at for one in said if one.case
        )

    def waits_for_answer(self, fact: Fact) -> bool:
        return not self._is_unneeded(fact, "goodbye", "answered_elsewhere")

    def first(
        self, fits: Fits, after: datetime | None, *, ends_too: bool = False, status_too: bool = False
    ) -> Fact | None:
        """The first fact that fits and happened later. `ends_too` includes ends of the same instant, `status_too`
        counts statuses after which nothing is owed as ends."""
        for fact in self.all:
            is_end = fact.kind in ENDS or (status_too and self.is_last(fact))
            late = after is None or fact.at > after or (ends_too and fact.at == after and is_end)
            if late and fits(fact):
                return fact
        return None

    def delivery(self, order: str | None) -> list[tuple[Fact, bool, bool]]:
        """The order's changes and deliveries, each with whether the order was delivered before and after it."""
        reported = self.of("order_lines", "order_delivered", "order_changed")
        return list(walked(fact for fact in reported if fact.order == order))

    def span(self, kind: str, name: str) -> timedelta:
        return timedelta(seconds=self.rules[kind][name])

    def talks_about(self, cause: Fact) -> Fits:
        """Matches talks with the customer about the same matter."""
        case, order = cause.case, self.order_of(cause)

        def fits(fact: Fact) -> bool:
            if not fact.two_way:
                return False
            about = self.order_of(fact)
            if fact.kind == "customer_reached" and case is not None:
                return order is None or about in (order, None)
            if case is not None:
                return fact.case == case
            return fact.case is None and (order is None or about in (order, None))

        return fits

    def moved(self, sold: Fact) -> Fits:
        """Matches any progress of the order after its sale, and a talk by phone or in person."""

        def fits(fact: Fact) -> bool:
            reported = fact.kind in OF_ORDERS and fact.kind not in _SAYS_NOTHING
            return (reported and fact.order == sold.order) or self.phoned(fact, sold.order)

        return fits

    def complains(self, fact: Fact, order: str | None) -> bool:
        """Whether the customer complains about this order, or without naming a known one."""
        low = fact.kind == "rated" and fact.share <= mark(self)
        asks = fact.kind in ("refund_requested", "cancellation_requested")
        return (low or asks or fact.denies or fact.result == "dead_end") and self.order_of(fact) in (order, None)

    def phoned(self, fact: Fact, order: str | None) -> bool:
        """Whether the fact is a talk by phone or in person that names no other order."""
        # A talk logged without a channel was by phone.
        spoken = fact.data.get("channel", "phone") in ("phone", "in_person")
        return fact.two_way and spoken and self.order_of(fact) in (order, None)


def is_progress(fact: Fact) -> bool:
    reported = fact.kind in (*ENDS_CASE, "case_opened", "case_progressed", "case_reopened")
    return reported or fact.two_way or (fact.kind == "contact" and fact.data["direction"] == "outbound")


def mark(facts: Facts) -> int:
    return round(1000 * float(facts.rules["satisfaction_low"]["at_most"]))
