"""The save before an episode by which it relapsed, as the reader of a page or an e-mail sees it."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.escalation.domain.decisions.closing import reason_words
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.reader import Reader
from services.escalation.domain.words import known_money, relapse_words
from shared.contracts.escalation import EpisodeResult


class SavedBefore(NamedTuple):
    """An episode closed as saved, and what was given away in it. `readable`: the reader may see it."""

    episode_id: UUID
    closed_at: datetime
    by: str
    name: str | None
    reason: str
    given_minor: int
    currency: str | None
    readable: bool


@dataclass(frozen=True, slots=True)
class Relapse:
    """The sentence about a save that did not last; `episode` is the earlier episode, if the reader may see it."""

    words: str
    episode: str | None


def relapse_of(saved: SavedBefore | None, reader: Reader, policy: Policy) -> Relapse | None:
    """The relapse of this save for this reader; None if there was none."""
    if saved is None:
        return None
    sentence = relapse_words(
        reader.name_of(saved.by, saved.name),
        reader.moment(saved.closed_at).at,
        reason_words(policy, EpisodeResult.SAVED, saved.reason),
        known_money(saved.given_minor, saved.currency) if saved.given_minor else None,
    )
    return Relapse(sentence, str(saved.episode_id) if saved.readable else None)
