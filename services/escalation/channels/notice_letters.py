"""The parts of a notice: to a manager or the desk about a person of theirs, or to a person whose save was disproved."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from services.escalation.channels.refusals import not_delivered
from services.escalation.domain.notices import NoticeKind
from services.escalation.domain.words import SIGNAL_LABELS, at_absolute
from services.escalation.store.upward_notices import NoticeLetter

_SUBJECTS: Mapping[NoticeKind, str] = {
    NoticeKind.ADDRESS_FAILED: "E-mail to {about} is not being delivered",
    NoticeKind.LAST_DEVICE_GONE: "Notifications no longer reach {about}",
    NoticeKind.SAVE_PROVEN: "{about} saved order {order}",
    NoticeKind.SAVE_RELAPSED: "Not saved after all: order {order}",
}


def notice_parts(notice: NoticeLetter, inbox_url: str) -> tuple[str, dict[str, object]]:
    """The subject of a notice, and the fields of its template."""
    subject = _SUBJECTS[notice.kind].format(about=notice.about, order=notice.order_id)
    return subject, {
        "notice": notice,
        "because": not_delivered(notice.because) if notice.because else None,
        "disproof": _disproof(notice),
        "url": f"{inbox_url}/episodes/{notice.follow_up}" if notice.follow_up else None,
    }


def _disproof(notice: NoticeLetter) -> str | None:
    """What disproves a save, and when, on the recipient's clock: "refund paid on 4 May 2026 at 18:40"."""
    if notice.disproof is None or notice.disproved_at is None:
        return None
    at = notice.disproved_at.astimezone(ZoneInfo(notice.zone))
    return f"{SIGNAL_LABELS[notice.disproof].lower()} {at_absolute(at)}"
