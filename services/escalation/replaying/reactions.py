"""People's reactions under another policy: they happened under the policy in force, so not all of them still count."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.escalation.domain.entities import Episode
from services.escalation.domain.own_facts import EpisodeButton
from services.escalation.replaying.accounts import AccountReplay
from shared.contracts.envelope import Envelope, Fact


class Dropped(StrEnum):
    """Why a reaction does not count under another policy."""

    NO_EPISODE = "no_matching_episode"
    NOT_NOTIFIED = "not_notified_by_then"
    REFUSED = "refused"


_GONE: Final = "episode_not_open"
"""The code of a press that comes when its episode is over."""


@dataclass(slots=True)
class Reactions:
    """The presses of buttons, as they count or not. `dropped` is by reason."""

    counted: int = 0
    dropped: Counter[Dropped] = field(default_factory=Counter)

    def refuse(self, event: Envelope[Fact], code: str) -> None:
        """Note that the rules refuse a press under the other policy."""
        if isinstance(event.data, EpisodeButton):
            self.counted -= 1
            self.dropped[Dropped.NO_EPISODE if code == _GONE else Dropped.REFUSED] += 1


@dataclass(frozen=True, slots=True)
class Translation:
    """Carries the presses over from the replay of what happened (`lived`) to that of another policy."""

    lived: AccountReplay
    reactions: Reactions

    def __call__(self, replay: AccountReplay, event: Envelope[Fact], now: datetime) -> Envelope[Fact] | None:
        """The event as it counts in this replay; None for a press that does not.

        A press counts where an episode of the same order is open, and its person was notified of it by then. Someone
        who acted without being notified, for example from the list of a team that only observes, would do so again.
        """
        button = event.data
        if not isinstance(button, EpisodeButton):
            return event
        episode = self._matching(replay, button)
        if episode is None:
            self.reactions.dropped[Dropped.NO_EPISODE] += 1
            return None
        if self._was_notified(button, now) and button.by not in replay.notified.get(episode.episode_id, ()):
            self.reactions.dropped[Dropped.NOT_NOTIFIED] += 1
            return None
        self.reactions.counted += 1
        if episode.episode_id == button.episode:
            return event
        return event.model_copy(update={"data": button.model_copy(update={"episode": episode.episode_id})})

    def _matching(self, replay: AccountReplay, button: EpisodeButton) -> Episode | None:
        """The episode of the same order: the same one, else the open one, else the last closed one, which a press may
        open again."""
        lived, state = self.lived.state.episodes.get(button.episode), replay.state
        same = state.episodes.get(button.episode)
        if lived is None or (same is not None and same.closed_at is None):
            return same
        return state.open_episodes.get(lived.order_id) or same or state.latest_closed.get(lived.order_id)

    def _was_notified(self, button: EpisodeButton, now: datetime) -> bool:
        """Whether the person had been notified of the episode when they pressed."""
        notified_at = self.lived.first_notified.get((button.episode, button.by))
        return notified_at is not None and notified_at <= now
