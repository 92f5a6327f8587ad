"""History: the facts of one account, indexed for the rules. It grows fact by fact, in any order."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

from services.escalation.domain.detections.deliveries import DELIVERY_KINDS, followed, is_whole
from services.escalation.domain.detections.index import FactIndex, in_order
from services.escalation.domain.detections.indexes import ORDER_KINDS, IndexName, Key, keys_of
from services.escalation.domain.facts import AccountFact, FactKind, contact_ids
from shared.contracts.support_inbound import NoAnswerReason

_EMPTY = FactIndex()


class History:
    """The facts of one account. `add` changes its content; `stop_checking` changes only which facts are checked."""

    def __init__(self, facts: Iterable[AccountFact] = ()) -> None:
        self._facts: dict[UUID, AccountFact] = {}
        self._indexes: dict[Key, FactIndex] = {}
        self._openings: dict[str, FactIndex] = {}
        self._order_of_case: dict[str, str] = {}
        self._unneeded = Unneeded()
        self.cases: dict[str, None] = {}
        self.orders: dict[str, None] = {}
        self.kinds: set[FactKind] = set()
        self._in_parts: set[str] = set()
        self._unsettled: set[str] = set()
        self._settled_contacts: set[UUID] = set()
        self._load(facts)

    def _load(self, facts: Iterable[AccountFact]) -> None:
        """The same as adding facts one by one, in half the time: when sorted, every fact is the last of its indexes."""
        ordered = sorted({fact.fact_id: fact for fact in facts}.values(), key=in_order)
        self.open_cases(ordered)
        for fact in ordered:
            self.append(fact)

    def open_cases(self, facts: Iterable[AccountFact]) -> None:
        """Learn the orders of cases, and the contacts that need no answer, from all facts of an account in their
        order."""
        for fact in facts:
            if fact.kind is FactKind.CASE_OPENED and fact.case_id is not None and fact.order_id is not None:
                self._openings.setdefault(fact.case_id, FactIndex()).append(fact)
                self._order_of_case.setdefault(fact.case_id, fact.order_id)
            if fact.kind is FactKind.ANSWER_NOT_NEEDED:
                self._unneeded.add(fact)

    def append(self, fact: AccountFact) -> None:
        """Remember a fact that comes after all others and was passed to `open_cases` before."""
        self._facts[fact.fact_id] = fact
        self._note(fact)
        for key in self._keys_of(fact):
            index = self._indexes.get(key)
            if index is None:
                index = self._indexes[key] = FactIndex()
            index.append(fact)
        self._follow_delivery(fact)

    def _note(self, fact: AccountFact) -> None:
        self.kinds.add(fact.kind)
        if fact.case_id is not None:
            self.cases[fact.case_id] = None
        if fact.kind in ORDER_KINDS and fact.order_id is not None:
            self.orders[fact.order_id] = None

    def add(self, fact: AccountFact) -> bool:
        """Remember a fact. Return False, without a change, if a fact with its id is known."""
        if fact.fact_id in self._facts:
            return False
        self._facts[fact.fact_id] = fact
        self._note(fact)
        if fact.kind is FactKind.CASE_OPENED and fact.case_id is not None and fact.order_id is not None:
            self._open(fact.case_id, fact)
        if fact.kind is FactKind.ANSWER_NOT_NEEDED:
            self._take_back(fact)
        for key in self._keys_of(fact):
            self._indexes.setdefault(key, FactIndex()).put(fact)
        self._follow_delivery(fact)
        return True

    def _follow_delivery(self, fact: AccountFact) -> None:
        """Note an order to follow: which facts complete or undo a partial delivery depends on all facts about its
        lines."""
        order = fact.order_id
        if fact.kind in DELIVERY_KINDS and order is not None and (order in self._in_parts or not is_whole(fact)):
            self._in_parts.add(order)
            self._unsettled.add(order)

    def _settle(self) -> None:
        """Follow the deliveries of orders with new facts."""
        for order in self._unsettled:
            facts = [fact for kind in DELIVERY_KINDS for fact in self._index(IndexName.OF_ORDER, order, kind).facts]
            for name, reported in zip((IndexName.DELIVERED, IndexName.UNDELIVERED), followed(facts), strict=True):
                index = self._indexes[name, order] = FactIndex()
                for fact in sorted(reported, key=lambda one: (one.at, one.fact_id)):
                    index.append(fact)
        self._unsettled.clear()

    def stop_checking(self, contact: AccountFact) -> None:
        """Stop checking a missed contact that nobody has to return: it became the customer's turn before it was due.

        Otherwise thousands of them would be checked for each new fact. Only facts that take back or move the facts of
        its case can change this; they bring the contact back.
        """
        self._settled_contacts.add(contact.fact_id)
        self._indexes[IndexName.UNRETURNED,].drop(contact)

    def _bring_back(self, facts: Iterable[AccountFact]) -> None:
        for fact in facts:
            if fact.fact_id in self._settled_contacts:
                self._settled_contacts.remove(fact.fact_id)
                self._indexes[IndexName.UNRETURNED,].put(fact)

    def _keys_of(self, fact: AccountFact) -> Iterator[Key]:
        """The indexes of a fact.

        A fact that is taken back as a whole is in an index of its own, so it does not count.
        """
        if self._unneeded.is_void(fact):
            return iter([(IndexName.TAKEN_BACK, fact.case_id)])
        return keys_of(fact, self.order_of(fact), excused=self._unneeded.is_excused(fact))

    def _take_back(self, no_answer: AccountFact) -> None:
        """Move the facts that need no answer into other indexes."""
        known = self.taken_back_by(no_answer)
        self._bring_back(known)
        for fact in known:
            for key in self._keys_of(fact):
                self._indexes[key].drop(fact)
        self._unneeded.add(no_answer)
        for fact in known:
            for key in self._keys_of(fact):
                self._indexes.setdefault(key, FactIndex()).put(fact)

    def taken_back_by(self, no_answer: AccountFact) -> list[AccountFact]:
        """The facts that are reported as needing no answer: those of one contact, or of a case so far."""
        if no_answer.what is not None:
            return [self._facts[id] for id in contact_ids(no_answer) if id in self._facts]
        indexes = (self.index(name, no_answer.case_id) for name in (IndexName.OF_CASE, IndexName.TAKEN_BACK))
        return [fact for index in indexes for fact in index.facts if fact.at <= no_answer.at]

    def is_void(self, fact: AccountFact) -> bool:
        """Whether a fact does not count, because that was reported."""
        return self._unneeded.is_void(fact)

    def needs_no_answer(self, fact: AccountFact) -> bool:
        """Whether a contact was reported as needing no answer."""
        return self._unneeded.is_excused(fact)

    def _open(self, case_id: str, opening: AccountFact) -> None:
        """Note the order of a case: the earliest opening that names an order counts."""
        openings = self._openings.setdefault(case_id, FactIndex())
        openings.put(opening)
        order = openings.facts[0].order_id
        if order is None or order == self._order_of_case.get(case_id):
            return
        known = list(self.index(IndexName.OF_CASE, case_id).facts)
        self._bring_back(known)
        for fact in known:
            for key in self._keys_of(fact):
                self._indexes[key].drop(fact)
        self._order_of_case[case_id] = order
        for fact in known:
            for key in self._keys_of(fact):
                self._indexes.setdefault(key, FactIndex()).put(fact)

    def __len__(self) -> int:
        return len(self._facts)

    def get(self, fact_id: UUID) -> AccountFact | None:
        return self._facts.get(fact_id)

    def order_of(self, fact: AccountFact) -> str | None:
        """The order that a fact names, else the order that its case was opened for."""
        if fact.order_id is not None or fact.case_id is None:
            return fact.order_id
        return self._order_of_case.get(fact.case_id)

    def names_order_of_case(self, opening: AccountFact) -> bool:
        """Whether this fact determines the order of its case."""
        openings = self._openings.get(opening.case_id or "", _EMPTY).facts
        return bool(openings) and openings[0].fact_id == opening.fact_id

    def index(self, *key: *Key) -> FactIndex:
        if self._unsettled:
            self._settle()
        return self._indexes.get(key, _EMPTY)

    def _index(self, *key: *Key) -> FactIndex:
        return self._indexes.get(key, _EMPTY)

    def first_after(self, keys: Iterable[Key], at: datetime, *, ends_too: bool = False) -> AccountFact | None:
        """The first fact of several indexes that happened later than this; or then, if it is an end and `ends_too`."""
        if self._unsettled:
            self._settle()
        found: AccountFact | None = None
        for key in keys:
            index = self._indexes.get(key)
            if index is None:
                continue
            fact = index.settling(at) if ends_too else index.after(at)
            if fact is not None and (found is None or in_order(fact) < in_order(found)):
                found = fact
        return found


_VOIDS = (NoAnswerReason.SPAM.value, NoAnswerReason.TEST.value)


class Unneeded:
    """The facts of an account that are taken back: as a whole (spam, a test), or only as needing an answer
    (a goodbye, a contact answered elsewhere).

    For a case this covers all facts up to the report; later facts are new.
    """

    def __init__(self) -> None:
        self._void: set[UUID] = set()
        self._void_until: dict[str, datetime] = {}
        self._excused: set[UUID] = set()
        self._excused_until: dict[str, datetime] = {}

    def add(self, no_answer: AccountFact) -> None:
        void = no_answer.result in _VOIDS
        if no_answer.what is not None:
            (self._void if void else self._excused).update(contact_ids(no_answer))
        elif no_answer.case_id is not None:
            until = self._void_until if void else self._excused_until
            until[no_answer.case_id] = max(no_answer.at, until.get(no_answer.case_id, no_answer.at))

    def is_void(self, fact: AccountFact) -> bool:
        """Whether a fact does not count at all."""
        if fact.kind is FactKind.ANSWER_NOT_NEEDED:
            return False
        return fact.fact_id in self._void or _by(fact, self._void_until)

    def is_excused(self, fact: AccountFact) -> bool:
        """Whether a contact needs no answer."""
        if fact.kind is not FactKind.CONTACT:
            return False
        return fact.fact_id in self._excused or _by(fact, self._excused_until)


def _by(fact: AccountFact, until: dict[str, datetime]) -> bool:
    last = until.get(fact.case_id) if until and fact.case_id is not None else None
    return last is not None and fact.at <= last
