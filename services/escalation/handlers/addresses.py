"""Mail to somebody does not arrive: their address is marked, and who leads them is told once."""

from dataclasses import replace

from services.escalation.domain.entities import Notice, Salesperson
from services.escalation.domain.own_facts import AddressFailed, AddressWorks
from services.escalation.handlers.turn import Turn
from shared.contracts.mailboxes import can_be_written_to, is_same_address
from shared.ids import derived


def note_failing_address(turn: Turn[AddressFailed]) -> None:
    """Mark an address that is still theirs. Another address clears the mark; see `directory`."""
    person = turn.book.people.get(turn.event.subject)
    if person is None or not is_same_address(person.email, turn.fact.address):
        return
    if person.email_failed_at is not None:
        return
    turn.book.put_person(replace(person, email_failed_at=turn.now, email_failed_because=turn.fact.reason))
    recipient = _who_is_told(turn, person)
    if recipient is None:  # the note of /readyz tells operators all the same
        return
    turn.book.changes.bounce_notices.append(
        Notice(
            notice_id=derived("address failed", person.salesperson_id, turn.now.isoformat()),
            recipient=recipient.salesperson_id,
            about=person.salesperson_id,
            try_at=turn.now,
            changed_at=turn.now,
        )
    )


def note_working_address(turn: Turn[AddressWorks]) -> None:
    """Take the mark from an address that works again."""
    person = turn.book.people.get(turn.event.subject)
    if person is None or person.email_failed_at is None:
        turn.reject("not_failing", "no e-mail to this person is known to come back")
        return
    turn.book.put_person(replace(person, email_failed_at=None, email_failed_because=None))


def _who_is_told(turn: Turn[AddressFailed], person: Salesperson) -> Salesperson | None:
    """The nearest of those above whom mail reaches, else the desk."""
    seen, above = {person.salesperson_id}, person.manager
    while above is not None and above not in seen:
        seen.add(above)
        leader = turn.book.people.get(above)
        if leader is not None and _is_reached(leader):
            return leader
        above = leader.manager if leader else None
    desk = turn.book.people.get(turn.book.rules.desk)
    return desk if desk is not None and desk.salesperson_id not in seen and _is_reached(desk) else None


def _is_reached(person: Salesperson) -> bool:
    return person.active and can_be_written_to(person.email or "") and person.email_failed_at is None
