"""Facts reported as needing no answer: a goodbye, a contact that was answered elsewhere, spam, a test."""

from datetime import datetime
from uuid import UUID

from services.escalation.domain.facts import AccountFact, FactKind, contact_ids
from shared.contracts.support_inbound import NoAnswerReason

_VOIDS = (NoAnswerReason.SPAM.value, NoAnswerReason.TEST.value)


class Unneeded:
    """The facts of an account that are taken back: as a whole (spam, a test), or only as needing an answer.

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
