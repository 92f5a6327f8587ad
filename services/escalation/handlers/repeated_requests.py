"""What it means that a request is told again: nothing, or that the customer asked again, in other words."""

from collections.abc import Sequence

from services.escalation.domain.facts import AccountFact
from services.escalation.domain.findings.finding import Finding
from services.escalation.domain.ringing import too_old
from services.escalation.domain.signals import as_said_last, says_something_new
from services.escalation.handlers.episodes import rise
from services.escalation.handlers.rings import ring
from services.escalation.handlers.turn import Turn
from shared.contracts.envelope import Fact
from shared.contracts.escalation import RingCause


def follow_request(turn: Turn[Fact], fact: AccountFact, found: Sequence[Finding]) -> None:
    """Told again a request rings nobody. Asked again, with other words or another amount, it is updated and rings."""
    finding = next((one for one in found if any(again.fact_id == fact.fact_id for again in one.again)), None)
    signal = turn.state.signals.get(finding.signal_id) if finding is not None else None
    if finding is None or signal is None or not signal.stands:
        return
    updated = as_said_last(signal, finding, turn.event)
    if updated != signal:
        turn.book.put_signal(updated)
    episode = turn.state.episodes.get(updated.episode_id) if updated.episode_id is not None else None
    if episode is None or episode.closed_at is not None:
        return
    about = {
        "episode_id": episode.episode_id,
        "signal_id": updated.signal_id,
        "policy_path": f"signals.{updated.kind.value}.same_request_within",
    }
    if not says_something_new(fact, finding):
        turn.explain("told_again", "The same request was told again. Nobody is notified.", **about)
        return
    turn.explain("asked_again", "The customer asked again, with other words or another amount.", **about)
    rise(turn, episode, updated)
    if not too_old(fact.at, turn.now, turn.book.ring_within):
        ring(turn, turn.state.episodes[episode.episode_id], updated, RingCause.CONTACT, something_new=True)
