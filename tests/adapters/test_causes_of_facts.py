"""A service's event names the fact that caused it, so that a later fact can refer to either."""

from typing import Any

from services.escalation.domain.facts import contact_ids, remembered
from shared.contracts import support, support_inbound
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.contracts.support_inbound import ContactChannel, ContactReference, ContactResult, Direction, NoAnswerReason
from shared.transaction import Transaction
from tests.builders import ACCOUNT, AT

_CONTACT: dict[str, Any] = {"direction": Direction.INBOUND, "channel": ContactChannel.PHONE}


def test_a_contact_is_known_by_its_publishers_source_and_id() -> None:
    inbound = support_inbound.ContactMade(result=ContactResult.UNANSWERED, **_CONTACT)
    received: Envelope[Fact] = envelope(inbound, id="c-9", source="desk.example", subject=ACCOUNT, time=AT)
    connection: Any = None
    tx = Transaction(connection, AT, "support", give_up_at=0.0)
    tx.publish(support.ContactMade(**dict(inbound)), cause=received)
    (contact,) = remembered(tx.outgoing[0].envelope)
    reference = ContactReference(source="desk.example", id="c-9")
    unneeded = support.AnswerNotNeeded(contact=reference, reason=NoAnswerReason.SPAM, by="agent-3")
    (answer,) = remembered(envelope(unneeded, id="e-1", source="/support", subject=ACCOUNT, time=AT))
    assert contact.fact_id in contact_ids(answer)
