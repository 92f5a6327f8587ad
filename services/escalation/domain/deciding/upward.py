"""Notices by e-mail, each sent once: to the nearest person up a person's line, or to the person whose save relapsed."""

from datetime import timedelta
from typing import Any

from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Salesperson
from services.escalation.domain.notices import Notice, NoticeKind
from services.escalation.domain.results import Result
from shared.contracts.mailboxes import can_be_written_to
from shared.ids import derived

_NAMES_OF_IDS = {NoticeKind.ADDRESS_FAILED: "address failed", NoticeKind.LAST_DEVICE_GONE: "last device gone"}


def notify_upward(draft: Draft[Any], person: Salesperson, kind: NoticeKind, *, after: timedelta = timedelta(0)) -> None:
    """Send one notice about this person up the line, unless mail reaches nobody there, or there is no need by then."""
    recipient = _notice_recipient(draft, person)
    if recipient is None:
        return
    draft.work.changes.upward_notices.append(
        Notice(
            notice_id=derived(_NAMES_OF_IDS[kind], person.salesperson_id, draft.now.isoformat()),
            kind=kind,
            recipient=recipient.salesperson_id,
            about=person.salesperson_id,
            try_at=draft.now + after,
            changed_at=draft.now,
        )
    )


def send_thanks_upward(draft: Draft[Any], result: Result) -> None:
    """Send a notice of a proven save to the nearest person up the saver's line."""
    saver = draft.work.people.get(result.by)
    recipient = _notice_recipient(draft, saver) if saver is not None else None
    if recipient is not None:
        _send_of_result(draft, result, NoticeKind.SAVE_PROVEN, recipient)


def send_to_saver(draft: Draft[Any], result: Result) -> None:
    """Send a notice of a relapse to the person who had saved the order."""
    saver = draft.work.people.get(result.by)
    if saver is not None and _is_reached(saver):
        _send_of_result(draft, result, NoticeKind.SAVE_RELAPSED, saver)


def _send_of_result(draft: Draft[Any], result: Result, kind: NoticeKind, recipient: Salesperson) -> None:
    cause = (result.episode_id, result.closed_at.isoformat(), result.because_id or "")
    draft.work.changes.upward_notices.append(
        Notice(
            notice_id=derived(kind.value, *cause),
            kind=kind,
            recipient=recipient.salesperson_id,
            about=result.by,
            try_at=draft.now,
            changed_at=draft.now,
            episode_id=result.episode_id,
        )
    )


def _notice_recipient(draft: Draft[Any], person: Salesperson) -> Salesperson | None:
    """The nearest person up the line whom mail reaches, else the desk."""
    seen, above = {person.salesperson_id}, person.manager
    while above is not None and above not in seen:
        seen.add(above)
        leader = draft.work.people.get(above)
        if leader is not None and _is_reached(leader):
            return leader
        above = leader.manager if leader else None
    desk = draft.work.people.get(draft.work.installation.desk)
    return desk if desk is not None and desk.salesperson_id not in seen and _is_reached(desk) else None


def _is_reached(person: Salesperson) -> bool:
    return person.active and can_be_written_to(person.email or "") and person.email_failed_at is None
