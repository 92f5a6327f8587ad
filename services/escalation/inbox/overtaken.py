"""The message for a button pressed too late: who has the episode now, or who closed it."""

from services.escalation.domain.reader import Reader
from services.escalation.inbox.forms import MANAGERS_ACTIONS, NotUnderstood
from services.escalation.inbox.notified import notified_words
from services.escalation.store.inbox import EpisodeRow
from shared.transaction import Refused

_ANSWERS = ("approve", "decline")
"""The buttons of a person who is asked to approve an offer."""


class Overtaken(Exception):
    """A button of an episode that the reader may see but no longer change. Carries the current state in words."""


def what_is_so(row: EpisodeRow, reader: Reader, action: str = "") -> str | None:
    """Why the reader can no longer act on the episode, in words; None if they can."""
    if row.closed_at is not None:
        at = reader.moment(row.closed_at).at
        if row.closed_by is None:
            return f"It was closed automatically {at}."
        return f"{reader.name_of(row.closed_by, row.closed_name)} closed it {at}."
    if row.acknowledged_at is not None and not reader.is_me(row.acknowledged_by):
        name, since = reader.name_of(row.acknowledged_by, row.acknowledged_name), reader.moment(row.acknowledged_at)
        if action == "accept" and reader.is_me(row.offered_to):
            return None
        if action in _ANSWERS and reader.is_me(row.approval_asked):
            return None
        over = "The request to take it over has ended. " if action == "accept" else ""
        over = "The request to approve an offer has ended. " if action in _ANSWERS else over
        return f"{over}{name} has been handling this since {since.clock}."
    if row.has_a_part:
        return None
    if row.responsible is None:
        return "It is not with you, and no one has been notified yet."
    name = reader.name_of(row.responsible, row.responsible_name)
    return f"It is not with you. {notified_words(name, row, reader)}; it is not acknowledged yet."


def refusal_now(
    refused: NotUnderstood | Refused | Overtaken, row: EpisodeRow, reader: Reader, action: str
) -> NotUnderstood | Refused | Overtaken:
    """Report others' actions since in place of the reason of a refusal, except when undoing a close, and to managers,
    whose actions are about what others have."""
    managed = action in MANAGERS_ACTIONS and row.closed_at is None
    if not isinstance(refused, Refused) or action == "reopen" or managed:
        return refused
    so = what_is_so(row, reader, action)
    return Overtaken(so) if so is not None else refused
