"""What later facts say about a closed episode, in one sentence for its reader."""

from services.escalation.domain import words
from services.escalation.domain.reader import Reader
from services.escalation.domain.results import ResultState
from services.escalation.store.followed import FollowedRow
from services.escalation.store.inbox import EpisodeRow
from shared.contracts.escalation import SignalKind
from shared.formatting import date_words


def outcome_words(row: EpisodeRow | FollowedRow, reader: Reader) -> str | None:
    """The sentence, such as "Saved, not yet proven (until 30 December)"; None if there is nothing to say.

    A person who saved a sale is thanked by name. Only the closer reads that a false alarm was none.
    """
    mine = reader.is_me(row.closed_by)
    match ResultState(row.outcome) if row.outcome else None:
        case ResultState.PROVISIONAL if row.proof_due_at is not None:
            until = date_words(
                row.proof_due_at.astimezone(reader.zone).date(), reader.now.astimezone(reader.zone).date()
            )
            return f"Saved, not yet proven (until {until})"
        case ResultState.PROVEN:
            return f"Proven. Thank you, {row.closed_name or row.closed_by}." if mine else "Proven"
        case ResultState.RELAPSED:
            return f"Came back: {_disproof(row, reader)}"
        case ResultState.WON_BACK:
            return f"Won back: the customer bought order {row.won_by} {_day(row, reader)}"
        case ResultState.MISSED if mine:
            return f"The alarm was right: {_disproof(row, reader)}"
    return None


def _disproof(row: EpisodeRow | FollowedRow, reader: Reader) -> str:
    label = words.SIGNAL_LABELS[SignalKind(row.disproof or "")].lower()
    return f"{label} {_day(row, reader)}"


def _day(row: EpisodeRow | FollowedRow, reader: Reader) -> str:
    assert row.disproved_at is not None
    today = reader.now.astimezone(reader.zone).date()
    return f"on {date_words(row.disproved_at.astimezone(reader.zone).date(), today)}"
