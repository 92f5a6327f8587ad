"""A contact ended as a dead end, or nobody answered and nobody called back."""

from collections.abc import Iterator

from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.findings.case_turns import handed_to_customer
from services.escalation.domain.findings.clearing import UNANSWERED, ended_by
from services.escalation.domain.findings.finding import Finding
from services.escalation.domain.findings.history import History
from services.escalation.domain.findings.lanes import LaneName
from services.escalation.domain.findings.raising import by_itself
from services.escalation.domain.findings.scope import Scope
from services.escalation.domain.findings.terms import TermsAt
from services.escalation.domain.findings.windows import ALWAYS, Window
from shared.contracts.escalation import SignalKind
from shared.ids import derived

KIND = SignalKind.CONTACT_DEAD_ENDED


def dead_ends(history: History, scope: Scope, terms: TermsAt) -> Iterator[Finding]:
    for fact in scope.starting(history, FactKind.CONTACT, scope.dead_ends):
        if terms(fact.at).signals.of(KIND).enabled:
            yield by_itself(history, KIND, fact)
    if scope.silence is not None:
        for fact in _first_missed(history, scope.silence, terms):
            yield from _unanswered(history, fact, terms)


def _first_missed(history: History, window: Window, terms: TermsAt) -> Iterator[AccountFact]:
    """The first contact that nobody answered since each talk with the customer, of those that wait for an answer."""
    unreturned, two_way = history.lane(LaneName.UNRETURNED), history.lane(LaneName.TWO_WAY)
    talked = two_way.before(window.since)
    fact = unreturned.after(talked.at if talked else ALWAYS)
    while fact is not None and fact.at <= window.until:
        if not _is_asked_for(history, fact, terms):
            following = next(unreturned.beyond(fact), None)
            history.needs_no_return(fact)
            fact = following
            continue
        yield fact
        talked = two_way.since(fact.at)
        fact = unreturned.after(talked.at) if talked else None


def _is_asked_for(history: History, fact: AccountFact, terms: TermsAt) -> bool:
    """Whether the rule is on, and it did not become the customer's turn before an answer was too late."""
    in_force = terms(fact.at)
    rule = in_force.signals.contact_dead_ended
    if not rule.enabled or fact.case_id is None:
        return rule.enabled
    if history.lane(LaneName.STATUS, fact.case_id).since(fact.at) is None:
        return True
    return not handed_to_customer(history, fact, in_force.working.after(fact.at, rule.answer_within), terms)


def _unanswered(history: History, fact: AccountFact, terms: TermsAt) -> Iterator[Finding]:
    """One that nobody answered at all within the company's working time; a talk at the same instant is an answer."""
    in_force = terms(fact.at)
    rule = in_force.signals.contact_dead_ended
    talked = history.lane(LaneName.TWO_WAY).since(fact.at)
    if talked is not None and talked.at <= fact.at + rule.answer_within:
        return
    at = in_force.working.after(fact.at, rule.answer_within)
    if talked is not None and talked.at <= at:
        return
    signal_id = derived("signal", fact.fact_id, KIND.value, "silence")
    ended = ended_by(history, UNANSWERED, fact, at)
    yield Finding(signal_id, KIND, at, fact, fact.case_id, history.order_of(fact), by_silence=True, cleared_by=ended)
