"""Mail to somebody does not arrive: their address is marked, and who leads them is told once."""

from dataclasses import replace

from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Notice, Salesperson
from services.escalation.domain.own_facts import AddressFailed, AddressWorks
from shared.contracts.mailboxes import can_be_written_to, is_same_address
from shared.ids import derived


def note_failing_address(draft: Draft[AddressFailed]) -> None:
    """Mark an address that is still theirs. Another address clears the mark; see `directory`."""
    person = draft.book.people.get(draft.event.subject)
    if person is None or not is_same_address(person.email, draft.fact.address):
        return
    if person.email_failed_at is not None:
        return
    draft.keep(replace(person, email_failed_at=draft.now, email_failed_because=draft.fact.reason))
    recipient = _who_is_told(draft, person)
    if recipient is None:  # the note of /readyz tells operators all the same
        return
    draft.book.changes.bounce_notices.append(
        Notice(
            notice_id=derived("address failed", person.salesperson_id, draft.now.isoformat()),
            recipient=recipient.salesperson_id,
            about=person.salesperson_id,
            try_at=draft.now,
            changed_at=draft.now,
        )
    )


def note_working_address(draft: Draft[AddressWorks]) -> None:
    """Take the mark from an address that works again."""
    person = draft.book.people.get(draft.event.subject)
    if person is None or person.email_failed_at is None:
        draft.reject("not_failing", "no e-mail to this person is known to come back")
        return
    draft.keep(replace(person, email_failed_at=None, email_failed_because=None))


def _who_is_told(draft: Draft[AddressFailed], person: Salesperson) -> Salesperson | None:
    """The nearest of those above whom mail reaches, else the desk."""
    seen, above = {person.salesperson_id}, person.manager
    while above is not None and above not in seen:
        seen.add(above)
        leader = draft.book.people.get(above)
        if leader is not None and _is_reached(leader):
            return leader
        above = leader.manager if leader else None
    desk = draft.book.people.get(draft.book.rules.desk)
    return desk if desk is not None and desk.salesperson_id not in seen and _is_reached(desk) else None


def _is_reached(person: Salesperson) -> bool:
    return person.active and can_be_written_to(person.email or "") and person.email_failed_at is None
