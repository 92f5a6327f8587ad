"""Hand-overs: somebody is asked to take an episode over, hears of it at once, and accepts or lets it lapse."""

from dataclasses import replace

from services.escalation.domain.asking import Asked
from services.escalation.domain.calendar import calendar_of
from services.escalation.domain.clocks import NEVER, rings_at
from services.escalation.domain.entities import Episode, Salesperson
from services.escalation.domain.ladder import Rung, colleague
from services.escalation.domain.own_facts import HandOverAcceptPressed, HandOverPressed
from services.escalation.domain.reasoning import taken_words
from services.escalation.domain.rescues import NotNow, excused, handed_over, offered
from services.escalation.handlers.alerts import Asking, Times, send_alert
from services.escalation.handlers.clocks import keep_episode
from services.escalation.handlers.preferences import may_be_contacted, talk_of, tell_of_hours
from services.escalation.handlers.turn import Turn
from shared.contracts.envelope import Fact
from shared.contracts.escalation import HandOverAccepted, HandOverOffered, RingCause

_LONGEST = "acknowledgement.longest_hand_over"


def offer(turn: Turn[HandOverPressed], episode: Episode) -> None:
    """Ask a colleague to take it over; the giver keeps it until they do. Raises NotNow."""
    fact, id = turn.fact, episode.episode_id
    rung = _rung(turn, episode)
    version, policy = turn.book.policy_for(turn.book.order_of(episode))
    person, order = turn.book.people[fact.to], turn.book.order_of(episode)
    rung_at = rings_at(person, order, episode.severity, policy, turn.now)
    times = Times(turn.now if rung_at == NEVER else rung_at, fact.until, _LONGEST)
    asked = offered(episode, fact.to, fact.until, policy, turn.now, notified_at=times.rung_at)
    asked = replace(asked, rings=episode.rings + 1)
    withdraw_offer(turn, episode, "somebody else is asked")
    keep_episode(turn, asked)
    words = f"{fact.by} asks {fact.to} to take it over; until that is accepted it stays where it is."
    turn.explain("offered", words, episode_id=id, who=fact.by, policy_path=_LONGEST, policy_version=version)
    turn.publish(HandOverOffered(episode=id, order=episode.order_id, by=fact.by, to=fact.to, until=fact.until))
    signal = turn.book.main_signal(episode)
    assert signal is not None, "an episode without a standing signal is closed"
    send_alert(turn, asked, Asking(Asked(rung, times.rung_at), signal, RingCause.HANDED_OVER), times)


def accept(turn: Turn[HandOverAcceptPressed], episode: Episode) -> None:
    """Take over what was offered: the clock of the proof starts anew."""
    assert episode.acknowledged_by is not None
    by, giver = turn.fact.by, episode.acknowledged_by
    version, _ = turn.book.policy_for(turn.book.order_of(episode))
    accepted = handed_over(episode, turn.book.people.get(by, by), talk_of(turn, episode), turn.now)
    if not may_be_contacted(turn, episode):
        accepted = excused(accepted)
    withdraw_offer(turn, episode, "accepted")
    keep_episode(
        turn, replace(accepted, why_you=f"{turn.book.name_of(giver)} handed order {episode.order_id} over to you.")
    )
    words = f"{giver} handed it over. {taken_words(accepted)}"
    path = f"acknowledgement.redeem_within.{episode.severity.value}"
    turn.explain("handed_over", words, episode_id=episode.episode_id, who=by, policy_path=path, policy_version=version)
    tell_of_hours(turn, accepted)
    turn.publish(HandOverAccepted(episode=episode.episode_id, order=episode.order_id, by=by, giver=giver))


def withdraw_offer(turn: Turn[Fact], episode: Episode, because: str) -> None:
    """Whoever was asked to take it over needs no message any more: somebody has it, and nobody else is being rung."""
    if episode.offered_to is not None:
        turn.book.silence(episode.episode_id, because, turn.now)


def is_away(turn: Turn[Fact], episode: Episode, person: Salesperson) -> bool:
    """Whether this person is away now."""
    _, policy = turn.book.policy_for(turn.book.order_of(episode))
    return calendar_of(person, policy.company).away_on(turn.now) is not None


def _rung(turn: Turn[HandOverPressed], episode: Episode) -> Rung:
    """Whom the giver chose. Raises NotNow."""
    people, fact = turn.book.people, turn.fact
    to = people.get(fact.to)
    if to is None or not to.active:
        raise NotNow("nobody_of_this_name", "choose somebody of the directory who is still with us.")
    why_you = f"{turn.book.name_of(fact.by)} asks you to take over order {episode.order_id}."
    rung = colleague(to, "handed_over", why_you)
    assert rung is not None, "they are active"
    if is_away(turn, episode, to):
        raise NotNow("colleague_away", f"{to.name} is away: choose somebody else.")
    return rung
