"""A contact ended as a dead end, or nobody answered and nobody called back."""

from collections.abc import Iterator

from services.escalation.domain.detections.case_turns import handed_to_customer
from services.escalation.domain.detections.detection import Clearing, Detection, ended_by, two_way_on_matter
from services.escalation.domain.detections.history import History
from services.escalation.domain.detections.indexes import IndexName
from services.escalation.domain.detections.parts import Part
from services.escalation.domain.detections.scope import Scope
from services.escalation.domain.detections.thresholds import ThresholdsAt
from services.escalation.domain.detections.windows import START_OF_TIME, Window
from services.escalation.domain.facts import AccountFact, FactKind
from services.escalation.domain.risk import Risk
from services.escalation.domain.signals.definition import SecondCause, SignalDefinition
from shared.contracts.escalation import SignalKind
from shared.ids import derived


def dead_ends(history: History, scope: Scope, thresholds: ThresholdsAt) -> Iterator[Detection]:
    for fact in scope.starting(history, FactKind.CONTACT, scope.dead_ends):
        if SIGNAL.is_on(fact, thresholds):
            yield SIGNAL.by_itself(history, fact)
    if scope.silence is not None:
        for fact in _first_missed(history, scope.silence, thresholds):
            yield from _unanswered(history, fact, thresholds)


def _first_missed(history: History, window: Window, thresholds: ThresholdsAt) -> Iterator[AccountFact]:
    """The first unanswered contact after each talk with the customer, among those that need an answer."""
    unreturned, two_way = history.index(IndexName.UNRETURNED), history.index(IndexName.TWO_WAY)
    talked = two_way.before(window.since)
    fact = unreturned.after(talked.at if talked else START_OF_TIME)
    while fact is not None and fact.at <= window.until:
        if not _needs_answer(history, fact, thresholds):
            following = next(unreturned.beyond(fact), None)
            history.stop_checking(fact)
            fact = following
            continue
        yield fact
        talked = two_way.since(fact.at)
        fact = unreturned.after(talked.at) if talked else None


def _needs_answer(history: History, fact: AccountFact, thresholds: ThresholdsAt) -> bool:
    """Whether an answer is owed: the rule is on, and it did not become the customer's turn in time."""
    in_force = thresholds(fact.at)
    rule = in_force.signals.contact_dead_ended
    if not rule.enabled or fact.case_id is None:
        return rule.enabled
    if history.index(IndexName.STATUS, fact.case_id).since(fact.at) is None:
        return True
    return not handed_to_customer(history, fact, in_force.working.after(fact.at, rule.answer_within), thresholds)


def _unanswered(history: History, fact: AccountFact, thresholds: ThresholdsAt) -> Iterator[Detection]:
    """A contact without any answer within the company's working time. A talk at the same instant is an answer."""
    in_force = thresholds(fact.at)
    rule = in_force.signals.contact_dead_ended
    talked = history.index(IndexName.TWO_WAY).since(fact.at)
    if talked is not None and talked.at <= fact.at + rule.answer_within:
        return
    at = in_force.working.after(fact.at, rule.answer_within)
    if talked is not None and talked.at <= at:
        return
    signal_id = derived("signal", fact.fact_id, SIGNAL.kind.value, "silence")
    ended, order = ended_by(history, UNANSWERED.settled_by, fact, at), history.order_of(fact)
    yield Detection(signal_id, SIGNAL.kind, at, fact, fact.case_id, order, by_silence=True, cleared_by=ended)


def _headline(risk: Risk) -> str:
    return (
        "The deadline for answering the customer passed"
        if risk.unanswered
        else "The customer was turned away without help"
    )


UNANSWERED = SecondCause(
    label="Unanswered",
    lead="For an unanswered contact",
    settled_by=Clearing("A conversation with the customer about any matter.", lambda _matter: ((IndexName.TWO_WAY,),)),
)
"""A contact that nobody answered in time."""

SIGNAL = SignalDefinition(
    kind=SignalKind.CONTACT_DEAD_ENDED,
    label="Dead end",
    label_of=lambda risk: UNANSWERED.label if risk.unanswered else None,
    counted=("a dead end", "dead ends"),
    headline=_headline,
    raised_when=(
        "A contact ended without help for the customer. Or no one answered the customer, and within `answer_within` of "
        "the company's working time no one spoke with them about any matter or made it the customer's turn."
    ),
    starts_with=(FactKind.CONTACT,),
    settled_by=Clearing(
        "A conversation with the customer about the same case, or one that the acknowledger reports for its order "
        "(“I reached them”); without a case, a conversation that names no other order or case. Resolving the case does "
        "not settle it: no one has spoken with the customer.",
        two_way_on_matter,
    ),
    second_cause=UNANSWERED,
    part=Part.DEAD_ENDS,
    silent_part=Part.SILENCE,
    find=dead_ends,
    bad_contact=True,
    examples="""
        a contact ends in a dead end: 1 inbound dead_end -> 1
        a conversation on the same case: 1 inbound dead_end case=k, 2 outbound answered case=k -> 1 to 2
        a conversation on another case: 1 inbound dead_end case=k, 2 outbound answered case=l -> 1
        a voicemail is not a conversation: 1 inbound dead_end case=k, 2 outbound voicemail case=k -> 1
        the case is resolved: 1 inbound dead_end case=k, 2 case_resolved case=k -> 1
        nobody answers: 1 inbound unanswered -> 5
        called back in time: 1 inbound unanswered, 5 outbound answered -> never
        called back too late: 1 inbound unanswered, 6 outbound answered case=k -> 5 to 6
        the customer's turn: 1 inbound unanswered case=k, 2 case_progressed case=k waiting_for=customer -> never
    """,
)
