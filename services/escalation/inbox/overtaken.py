"""The message for a button pressed too late: who has the episode now, or who closed it."""

from services.escalation.domain.reader import Reader
from services.escalation.store.inbox import EpisodeRow


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
        over = "The offer to take it over has ended. " if action == "accept" else ""
        return f"{over}{name} has been handling this since {since.clock}."
    if row.has_a_part:
        return None
    if row.responsible is None:
        return "It is not with you, and no one has been notified yet."
    return f"{reader.name_of(row.responsible, row.responsible_name)} has been notified and has not acknowledged it yet."
