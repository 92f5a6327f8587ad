"""What the answer of a push service means for a message (RFC 8030, sections 5 and 8). Start at `ended_by`."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeAlias

from services.escalation.channels.channel import Ended, Trouble
from services.escalation.domain.delivery_facts import Attempt
from services.escalation.domain.push_reasons import REFUSES_IDENTITY, REFUSES_REQUEST

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]

_SHORTEST_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(hours=1)
_SECONDS = re.compile(r"[0-9]{1,9}")
MAY_PASS = frozenset({408, 425, 429})
"""The answers below 500 that ask to try again later."""
_DEFERRING = MAY_PASS | {406}
"""Also 406, with which Microsoft's service says "too many" (and when to come back)."""


def ended_by(status: int, headers: Headers) -> Ended:
    """The result of an attempt that was answered.

    Only the end of this subscription, and a message that is too large, are final. What concerns the signature or the
    request may concern every message, until an operator changes something.
    """
    if 200 <= status <= 299:
        return Ended(Attempt.ACCEPTED)
    if status in (404, 410):
        return Ended(Attempt.REFUSED, f"the browser's subscription has ended ({status})", Trouble.RECIPIENT)
    if status == 413:
        return Ended(Attempt.REFUSED, "the push service refused the message as too large (413)", Trouble.MESSAGE)
    if status in _DEFERRING or status >= 500:
        reason = f"the push service deferred the message with {status}"
        return Ended(Attempt.PUT_OFF, reason, Trouble.PUT_OFF, retry_after(headers))
    if status in (401, 403):
        return Ended(Attempt.PUT_OFF, f"{REFUSES_IDENTITY} with {status}", Trouble.LOGIN)
    return Ended(Attempt.PUT_OFF, f"{REFUSES_REQUEST} with {status}", Trouble.SERVER)


def retry_after(headers: Headers) -> timedelta | None:
    """The pause that an answer asks for, between a second and an hour (RFC 9110, section 10.2.3); None if it asks for
    none. A moment counts from the answer's own date: the clocks of two machines differ."""
    asked = _value(headers, b"retry-after")
    if asked is None:
        return None
    if _SECONDS.fullmatch(asked):
        pause = timedelta(seconds=int(asked))
    else:
        until, since = _moment(asked), _moment(_value(headers, b"date"))
        if until is None or since is None:
            return None
        pause = until - since
    return min(max(pause, _SHORTEST_PAUSE), _LONGEST_PAUSE)


def _value(headers: Headers, wanted: bytes) -> str | None:
    return next((value.decode("latin-1").strip() for name, value in headers if name.lower() == wanted), None)


def _moment(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text) if text else None
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment
