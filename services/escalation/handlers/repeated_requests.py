"""What it means that a request is told again: nothing, or that the customer asked again, in other words."""

from collections.abc import Sequence

from services.escalation.domain.decisions.signals import RequestRepeated, RequestReportedAgain
from services.escalation.domain.draft import Draft
from services.escalation.domain.facts import AccountFact
from services.escalation.domain.findings.finding import Finding
from services.escalation.domain.new_signal import as_said_last, says_something_new
from services.escalation.domain.ringing import too_old
from services.escalation.handlers.episodes import rise
from services.escalation.handlers.rings import ring
from shared.contracts.envelope import Fact
from shared.contracts.escalation import RingCause


def follow_request(draft: Draft[Fact], fact: AccountFact, found: Sequence[Finding]) -> None:
    """Told again a request rings nobody. Asked again, with other words or another amount, it is updated and rings."""
    finding = next((one for one in found if any(again.fact_id == fact.fact_id for again in one.again)), None)
    signal = draft.state.signals.get(finding.signal_id) if finding is not None else None
    if finding is None or signal is None or not signal.stands:
        return
    updated = as_said_last(signal, finding, draft.event)
    if updated != signal:
        draft.keep(updated)
    episode = draft.state.episodes.get(updated.episode_id) if updated.episode_id is not None else None
    if episode is None or episode.closed_at is not None:
        return
    if not says_something_new(fact, finding):
        draft.decide(RequestReportedAgain(episode, updated))
        return
    draft.decide(RequestRepeated(episode, updated))
    rise(draft, episode, updated)
    if not too_old(fact.at, draft.now, draft.book.ring_within):
        ring(draft, draft.state.episodes[episode.episode_id], updated, RingCause.CONTACT, something_new=True)
