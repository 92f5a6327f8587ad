"""Notes, while an account is replayed, whom each signal notified or why it notified no one. Start at `Trail.note`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.escalation.domain.calendar import away_on
from services.escalation.domain.channels import is_reachable
from services.escalation.domain.decisions.decision import Decision
from services.escalation.domain.decisions.notifying import (
    NobodyToNotify,
    Notified,
    Observed,
    SellerAwaited,
    Skipped,
    Unanswered,
)
from services.escalation.domain.decisions.signals import (
    EpisodeSignalled,
    NotNotified,
    NotNotifiedBecause,
    SignalAdded,
    SignalWaits,
)
from services.escalation.domain.draft import DecisionMade, Draft
from services.escalation.domain.entities import Alert, Salesperson
from services.escalation.domain.ladder import assigned_to, holder_of
from services.escalation.domain.own_facts import EpisodeButton
from services.escalation.domain.policy.model import TeamMode
from services.escalation.replaying.causes import Cause
from services.escalation.replaying.figures import SORTS, Sort
from shared.contracts.support_inbound import ContactPreference

_QUIET: Final[Mapping[NotNotifiedBecause, Cause]] = {
    NotNotifiedBecause.WAITS_FOR_SELLER: Cause.HAD_IT_ALREADY,
    NotNotifiedBecause.RULES_CHANGED: Cause.OLDER_RULES,
    NotNotifiedBecause.FOR_INFORMATION: Cause.FOR_INFORMATION,
    NotNotifiedBecause.TOO_OLD: Cause.TOO_OLD,
    NotNotifiedBecause.HOLDER_KEEPS_IT: Cause.HAD_IT_ALREADY,
    NotNotifiedBecause.ACKNOWLEDGED: Cause.HAD_IT_ALREADY,
    NotNotifiedBecause.NOTIFIED: Cause.HAD_IT_ALREADY,
}
_MODES: Final[Mapping[TeamMode, Cause]] = {
    TeamMode.OBSERVE: Cause.OBSERVING,
    TeamMode.MANAGER_ONLY: Cause.MANAGER_ONLY,
}
_RESPONSES = ("reached", "attempt")


@dataclass(slots=True)
class Noted:
    """What was decided about one signal. `holder` is the person who looked after the customer when it was first known;
    `alerts` are those that later steps of the escalation path only follow, `kept` the causes by which a person was
    skipped, and `holding` those by which no one, or not this person, was notified."""

    holder: str | None = None
    alerts: list[Alert] = field(default_factory=list)
    kept: dict[str, Cause] = field(default_factory=dict)
    holding: set[Cause] = field(default_factory=set)


@dataclass(slots=True)
class Trail:
    """What was decided about each signal of an account. Of each person and episode: when they responded last, and when
    a response was missing last."""

    signals: dict[UUID, Noted] = field(default_factory=dict)
    responses: dict[tuple[UUID, str], datetime] = field(default_factory=dict)
    missing: dict[tuple[UUID, str], datetime] = field(default_factory=dict)

    def note(self, draft: Draft[Any]) -> None:
        """Note the decisions about one event."""
        made = [one.decision for one in draft.effects if isinstance(one, DecisionMade)]
        if not made:
            return
        self._note_responses(draft, made)
        for decision, signal_id in _about_signals(made):
            noted = self.signals.setdefault(signal_id, Noted())
            self._note_decision(draft, noted, decision)
            for beside in made:
                if beside.episode_id is not None and beside.episode_id == decision.episode_id:
                    _note_beside(draft, noted, beside)

    def _note_responses(self, draft: Draft[Any], made: list[Decision]) -> None:
        if isinstance(draft.fact, EpisodeButton):
            self.responses[draft.fact.episode, draft.fact.by] = draft.now
        for one in made:
            if one.rule in _RESPONSES and one.episode_id is not None and one.who is not None:
                self.responses[one.episode_id, one.who] = draft.now
            if isinstance(one, Unanswered) and one.who is not None:
                self.missing[one.episode.episode_id, one.who] = draft.now

    def _note_decision(self, draft: Draft[Any], noted: Noted, decision: Decision) -> None:
        match decision:
            case Notified(alert=alert):
                noted.alerts.append(alert)
            case NotNotified(why=why):
                noted.holding.add(_QUIET[why])
            case EpisodeSignalled(episode=episode) if episode.responsible is not None:
                noted.holding.add(Cause.HAD_IT_ALREADY)
            case SignalWaits():
                noted.holding.add(Cause.WAITING)
                return
        self._note_holder(draft, noted, decision)

    def _note_holder(self, draft: Draft[Any], noted: Noted, decision: Decision) -> None:
        assert decision.episode_id is not None
        noted.holding.discard(Cause.WAITING)
        order = draft.state.orders[draft.state.episodes[decision.episode_id].order_id]
        people, now = draft.work.people, draft.now
        assigned = assigned_to(draft.state.account, people, now)
        noted.holder = noted.holder or holder_of(order, people, now=now, assigned=assigned)
        if order.sold_by not in people:
            noted.holding.add(Cause.SELLER_UNKNOWN)
        mode = draft.work.team_mode(order)
        if mode in _MODES:
            noted.holding.add(_MODES[mode])
        if draft.state.account.preference != ContactPreference.NONE:
            noted.holding.add(Cause.MUST_NOT_BE_CONTACTED)


def _about_signals(made: list[Decision]) -> Iterator[tuple[Decision, UUID]]:
    """The decisions that let a signal notify for the first time, or not."""
    for one in made:
        first = isinstance(one, Notified) and SORTS.get(one.alert.cause) is Sort.FIRST
        if (first or isinstance(one, SignalAdded | NotNotified | SignalWaits)) and one.signal_id is not None:
            yield one, one.signal_id


def _note_beside(draft: Draft[Any], noted: Noted, decision: Decision) -> None:
    """Note a decision about the episode that was made because of the signal."""
    match decision:
        case Skipped(ladder_step=ladder_step) if ladder_step.salesperson_id is not None:
            person = draft.work.people.get(ladder_step.salesperson_id)
            noted.kept.setdefault(ladder_step.salesperson_id, _why_skipped(person, draft.now))
        case SellerAwaited():
            noted.holding.add(Cause.WAITING)
        case NobodyToNotify():
            noted.holding.add(Cause.SELLER_UNKNOWN)
        case Observed():
            noted.holding.add(Cause.OBSERVING)


def _why_skipped(person: Salesperson | None, now: datetime) -> Cause:
    if person is not None and away_on(person, now) is not None:
        return Cause.AWAY
    return Cause.NOT_AT_WORK if person is not None and is_reachable(person) else Cause.NO_CHANNEL
