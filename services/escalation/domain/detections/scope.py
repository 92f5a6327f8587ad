"""The part of an account's detections that one fact can change, so that a busy account is not judged anew each time."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import reduce

from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.index import FactIndex
from services.escalation.domain.detections.indexes import (
    CUSTOMER_REQUESTS,
    ENDS_OF_CASE,
    OF_REQUESTS,
    ORDER_KINDS,
    REQUEST_KINDS,
    IndexName,
    can_complain,
    is_spoken,
    is_two_way,
    request_key,
)
from services.escalation.domain.detections.parts import OF_ACCOUNT, Part, Place
from services.escalation.domain.detections.windows import ANY, END_OF_TIME, START_OF_TIME, Window, up_to
from services.escalation.domain.facts import AccountFact, FactKind


def _all_of(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    return None if one is None or other is None else one | other


_IN_STRETCHES = (Part.DEAD_ENDS, Part.STUCK, Part.REPEATED)


@dataclass(frozen=True, slots=True)
class Scope:
    """Detections by their first facts. None for `cases` and `orders` means all of them; None for a window means none.

    `loose` are facts without a case, `silence` unreturned calls, `quiet` customers who went quiet. For the cases and
    loose facts in scope, `dead_ends`, `stuck` and `repeated` are the windows in which such signals may begin.
    """

    cases: frozenset[str] | None = frozenset()
    orders: frozenset[str] | None = frozenset()
    loose: Window | None = None
    silence: Window | None = None
    quiet: Window | None = None
    requests: Window | None = None
    loose_ratings: bool = False
    dead_ends: Window = ANY
    stuck: Window = ANY
    repeated: Window = ANY

    def and_that(self, other: "Scope") -> "Scope":
        """The union of both scopes; windows also cover the time between them."""
        narrow = [one for one in (self, other) if one.cases != frozenset() or one.loose is not None] or [self]
        return Scope(
            cases=_all_of(self.cases, other.cases),
            orders=_all_of(self.orders, other.orders),
            loose=up_to(self.loose, other.loose),
            silence=up_to(self.silence, other.silence),
            quiet=up_to(self.quiet, other.quiet),
            requests=up_to(self.requests, other.requests),
            loose_ratings=self.loose_ratings or other.loose_ratings,
            dead_ends=reduce(Window.and_up_to, (one.dead_ends for one in narrow)),
            stuck=reduce(Window.and_up_to, (one.stuck for one in narrow)),
            repeated=reduce(Window.and_up_to, (one.repeated for one in narrow)),
        )

    def window_of(self, place: Place) -> Window | None:
        """The window of the first facts of signals in scope at this place; None if no signal is."""
        part, name = place
        if part is Part.ORDERS:
            return ANY if self.orders is None or name in self.orders else None
        if part in OF_ACCOUNT:
            return self._window(part)
        stretch = (self._window(part) if part in _IN_STRETCHES else None) or ANY
        if name is not None:
            return stretch if self.cases is None or name in self.cases else None
        if part is Part.RATINGS:
            return ANY if self.loose_ratings else None
        return None if self.loose is None else stretch.and_also(self.loose)

    def _window(self, part: Part) -> Window | None:
        """The member with the part's name."""
        window: Window | None = getattr(self, part.value)
        return window

    def names_in(self, part: Part) -> Collection[str | None] | None:
        """The names of a part's places that may be in scope; None if all may be."""
        if part in OF_ACCOUNT:
            return (None,)
        if part is Part.ORDERS:
            return self.orders
        return None if self.cases is None else (None, *self.cases)

    def cases_of(self, history: History) -> Iterable[str]:
        return history.cases if self.cases is None else self.cases

    def orders_of(self, history: History) -> Iterable[str]:
        return history.orders if self.orders is None else self.orders

    def starting(self, history: History, kind: FactKind, within: Window = ANY) -> Iterator[AccountFact]:
        """The facts of this kind in scope that begin signals, with or without a case; of contacts only dead ends."""
        if kind not in history.kinds:
            return
        for case in self.cases_of(history):
            yield from history.index(IndexName.BEGINS, case, kind).from_to(within.since, within.until)
        if self.loose is not None:
            loose = within.and_also(self.loose)
            yield from history.index(IndexName.BEGINS, None, kind).from_to(loose.since, loose.until)


WHOLE = Scope(None, None, Window(), Window(), Window(), requests=Window(), loose_ratings=True)
NOTHING = Scope()


def affected(history: History, fact: AccountFact) -> Scope:
    """The scope that a new fact can change."""
    if fact.courtesy or fact.kind in OF_REQUESTS or fact.kind is FactKind.CUSTOMER_INSISTS:
        return NOTHING
    if fact.kind is FactKind.ANSWER_NOT_NEEDED:
        return _taken_back(history, fact)
    if fact.kind in ORDER_KINDS:
        return Scope(orders=frozenset({fact.order_id} if fact.order_id is not None else ()))
    if fact.kind is FactKind.CASE_OPENED and history.names_order_of_case(fact):
        return _opened(history, fact)
    if history.is_void(fact):
        return NOTHING
    return Scope(
        cases=_cases(fact),
        orders=_orders(history, fact),
        loose=_loose(history, fact),
        silence=_silence(history, fact.at, fact.at) if fact.kind in _CONTACTS or _is_status(fact) else None,
        quiet=_quiet(history, fact.at, fact.at) if fact.kind in _BREAKS_QUIET else None,
        loose_ratings=fact.kind is FactKind.RATED and fact.case_id is None,
        requests=_requested(history, fact),
        **_stretches(history, fact),
    )


def _stretches(history: History, fact: AccountFact) -> dict[str, Window]:
    """The windows in which a fact can begin or end dead ends, stuck cases and repeated contacts; mostly close to it."""
    if fact.kind is FactKind.CUSTOMER_REACHED:
        return {}
    at, case = fact.at, fact.case_id
    talks = (IndexName.TWO_WAY_ON_CASE, case) if case is not None else (IndexName.TWO_WAY_WITHOUT_CASE, None)
    talked = history.index(*talks).before(at) if is_two_way(fact) else fact
    progress = history.index(IndexName.PROGRESS, case).before(at)
    return {
        "dead_ends": Window(talked.at if talked else START_OF_TIME, at),
        "stuck": Window(progress.at if progress else at),
        "repeated": _run(history, fact),
    }


def _run(history: History, fact: AccountFact) -> Window:
    """The window of contacts counted with this one. A new end separates those around it and affects all later ones."""
    of_case = IndexName.RESOLVED, fact.case_id
    ends = history.index(*of_case) if fact.case_id is not None else history.index(IndexName.TWO_WAY_WITHOUT_CASE)
    after = ends.since(fact.at)
    is_end = after is not None and fact in ends.from_to(fact.at, fact.at)
    until = END_OF_TIME if is_end or after is None else after.at
    return Window(_begin_of_run(history, fact.case_id, ends, fact.at), until)


def _begin_of_run(history: History, case: str | None, ends: FactIndex, at: datetime) -> datetime:
    """The last end before an instant; the end before it if contacts have its time, as their signal stands after it."""
    lines = history.index(IndexName.OF_CASE, case) if case is not None else history.index(IndexName.LOOSE)
    end = ends.before(at)
    if end is not None and len(lines.from_to(end.at, end.at)) > len(ends.from_to(end.at, end.at)):
        end = ends.before(end.at)
    return end.at if end is not None else START_OF_TIME


_CONTACTS = frozenset({FactKind.CONTACT, FactKind.CUSTOMER_REACHED})
_BREAKS_QUIET = _CONTACTS | {FactKind.RATED, FactKind.CASE_PROGRESSED} | ENDS_OF_CASE


def _opened(history: History, opening: AccountFact) -> Scope:
    """Facts that name the case now name its order, so all signals that its facts began or ended are judged again."""
    known = history.index(IndexName.OF_CASE, opening.case_id).facts
    if not known:
        return NOTHING
    if any(fact.kind is FactKind.CUSTOMER_REACHED for fact in known):
        return WHOLE
    since, until = known[0].at, known[-1].at
    return Scope(
        cases=_cases(opening),
        orders=None if any(_concerns_orders(history, fact) for fact in known) else frozenset(),
        silence=_silence(history, since, until),
        quiet=_quiet(history, since, until),
        requests=Window() if any(fact.kind in REQUEST_KINDS for fact in known) else None,
    )


def _cases(fact: AccountFact) -> frozenset[str] | None:
    if fact.kind is FactKind.CUSTOMER_REACHED:
        return None
    return frozenset({fact.case_id} if fact.case_id is not None else ())


def _orders(history: History, fact: AccountFact) -> frozenset[str] | None:
    """Orders that waited for a phone contact with the customer, or that have a report of a kept promise."""
    if not is_spoken(fact) and not _contradicts(history, fact):
        return frozenset()
    order = history.order_of(fact)
    if order is not None:
        return frozenset({order})
    if not is_spoken(fact):
        return _said_since_the_complaint_before(history, fact)
    before = history.index(IndexName.BY_PHONE, None).before(fact.at)
    since = before.at if before else START_OF_TIME
    indexes = (history.index(IndexName.OF_KIND, kind) for kind in (FactKind.CONFIRMATION_REQUIRED, FactKind.SOLD))
    waiting = (one.order_id for index in indexes for one in index.from_to(since, fact.at))
    return frozenset(order for order in waiting if order is not None)


def _said_since_the_complaint_before(history: History, fact: AccountFact) -> frozenset[str]:
    """Orders with reports since the last complaint that named no order; for older reports a new complaint changes
    nothing.

    Only the lowest rating is certainly a complaint; for others the policy decides.
    """
    earlier = (one for one in history.index(IndexName.COMPLAINED, None).back_from(fact.at) if one.at < fact.at)
    before = next((one for one in earlier if one.kind is not FactKind.RATED or not one.number), None)
    kept = history.index(IndexName.OF_KIND, FactKind.PROMISE_SAID_KEPT)
    said = kept.within(before.at, fact.at) if before is not None else kept.from_to(START_OF_TIME, fact.at)
    return frozenset(one.order_id for one in said if one.order_id is not None)


def _contradicts(history: History, fact: AccountFact) -> bool:
    """Whether a fact may be a complaint after a report that a promise was kept."""
    return FactKind.PROMISE_SAID_KEPT in history.kinds and can_complain(fact)


def _concerns_orders(history: History, fact: AccountFact) -> bool:
    return is_two_way(fact) or _contradicts(history, fact)


def _taken_back(history: History, no_answer: AccountFact) -> Scope:
    """All signals that the facts without need of an answer began, ended, or were counted in."""
    known = history.taken_back_by(no_answer)
    if not known:
        return NOTHING
    if any(fact.kind is FactKind.CUSTOMER_REACHED for fact in known):
        return WHOLE
    since, until = min(fact.at for fact in known), max(fact.at for fact in known)
    talked = any(is_two_way(fact) for fact in known)
    loose = any(fact.case_id is None for fact in known)
    return Scope(
        cases=frozenset(fact.case_id for fact in known if fact.case_id is not None),
        orders=None if any(_concerns_orders(history, fact) for fact in known) else frozenset(),
        loose=Window() if loose else None,
        silence=_silence(history, since, until),
        quiet=_quiet(history, since, until),
        requests=Window() if talked or any(fact.kind in REQUEST_KINDS for fact in known) else None,
        loose_ratings=loose,
    )


def _is_status(fact: AccountFact) -> bool:
    """Whether a fact may report that it is the customer's turn."""
    return fact.kind in (FactKind.CASE_PROGRESSED, FactKind.CASE_OPENED)


def _requested(history: History, fact: AccountFact) -> Window | None:
    """The window of requests that may be one. A withdrawal or a talk can separate the requests around it."""
    if fact.kind in CUSTOMER_REQUESTS:
        same = history.index(*request_key(fact)).instants
        return Window(same[0], same[-1])
    if fact.kind in REQUEST_KINDS:
        return Window()
    if is_two_way(fact):
        later = (history.index(IndexName.OF_KIND, kind).since(fact.at) for kind in CUSTOMER_REQUESTS)
        return Window() if any(one is not None for one in later) else None
    return None


def _loose(history: History, fact: AccountFact) -> Window | None:
    """The window between two contacts that name neither a case nor an order, which end all loose signals before
    them."""
    if fact.case_id is not None and fact.kind is not FactKind.CUSTOMER_REACHED:
        return None
    index = history.index(IndexName.TWO_WAY_WITHOUT_CASE, None)
    after = index.after(fact.at)
    return Window(_begin_of_run(history, None, index, fact.at), after.at if after else END_OF_TIME)


def _silence(history: History, since: datetime, until: datetime) -> Window:
    index = history.index(IndexName.TWO_WAY)
    return _between(index.before(since), index.after(until))


def _quiet(history: History, since: datetime, until: datetime) -> Window:
    before = history.index(IndexName.IN_TOUCH).before(since)
    return Window(before.at if before else START_OF_TIME, until)


def _between(before: AccountFact | None, after: AccountFact | None) -> Window:
    return Window(before.at if before else START_OF_TIME, after.at if after else END_OF_TIME)
