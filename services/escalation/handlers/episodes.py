"""Episodes rise: a signal joins the open one of its order or raises one, and rings if that is due."""

from dataclasses import replace

from services.escalation.domain.entities import Episode, Order, Signal
from services.escalation.domain.notes import SignalMatched
from services.escalation.domain.own_facts import RulesChanged
from services.escalation.domain.reasoning import quiet_words, signal_words
from services.escalation.domain.ringing import ring_of_signal, too_old_to_ring, waits_for_seller
from services.escalation.domain.severity import Graveness, graveness
from services.escalation.handlers.rings import assign_silently, ring
from services.escalation.handlers.turn import Turn
from shared.contracts.envelope import Fact
from shared.contracts.escalation import EpisodeRaised, EpisodeSignalled, SeverityRaised
from shared.ids import derived


def join(turn: Turn[Fact], order: Order, signal: Signal) -> None:
    """Add a signal to the open episode of its order; without one, or after it was closed, a new one is raised."""
    known = turn.state.open_episodes.get(order.order_id)
    episode = known or _new_episode(turn, order, signal)
    joined = replace(signal, episode_id=episode.episode_id)
    turn.book.put_signal(joined)
    turn.tx.notes.append(SignalMatched(joined, too_old=too_old_to_ring(joined, turn.book.ring_within)))
    version, policy = turn.book.policy_for(order)
    ending = (turn.state.signals.get(id) for id in turn.book.ending)
    mine = (one for one in ending if one is not None and one.stands and one.episode_id == episode.episode_id)
    replaced = any(_is_same_trouble(one, joined) for one in mine)
    grave = graveness(turn.book.telling(episode), order, policy)
    if known is None:
        episode = replace(episode, severity=grave.severity, policy_version=version)
        _tell_of_episode(turn, episode, joined, grave)
        rose = True
    else:
        _tell_of_signal(turn, episode, joined)
        episode, rose = _risen(turn, episode, joined, grave)
    turn.book.put_episode(replace(episode, changed_at=turn.now))
    _ring_if_due(turn, turn.state.episodes[episode.episode_id], joined, rose=rose, news=rose or not replaced)


def weigh_again(turn: Turn[Fact], order: Order) -> None:
    """An order that changed may make its open episode graver, which rings; it never makes it less grave."""
    episode = turn.state.open_episodes.get(order.order_id)
    signal = turn.book.main_signal(episode) if episode is not None else None
    if episode is None or signal is None:
        return
    _, policy = turn.book.policy_for(order)
    risen, rose = _risen(turn, episode, signal, graveness(turn.book.telling(episode), order, policy))
    if not rose:
        return
    turn.book.put_episode(replace(risen, changed_at=turn.now))
    _ring_if_due(turn, turn.state.episodes[episode.episode_id], signal, rose=True, news=True)


def _is_same_trouble(known: Signal, signal: Signal) -> bool:
    """Whether one only takes the other's place: a fact told late moved where the trouble began."""
    return (known.kind, known.case_id) == (signal.kind, signal.case_id)


def _ring_if_due(turn: Turn[Fact], episode: Episode, signal: Signal, *, rose: bool, news: bool) -> None:
    if waits_for_seller(episode):
        words = "No ring of its own: one waits for the seller, and will carry the severity of then."
        turn.explain("not_rung", words, episode_id=episode.episode_id, signal_id=signal.signal_id)
        return
    cause = ring_of_signal(episode, signal, rose=rose, ring_within=turn.book.ring_within)
    quiet = _quiet(turn, episode, signal)
    if cause is not None and (news or not episode.rang) and quiet is None:
        ring(turn, episode, signal, cause, something_new=True)
        return
    too_old = too_old_to_ring(signal, turn.book.ring_within)
    words, path = quiet or (quiet_words(episode, too_old=too_old), "age.ring_within" if too_old else None)
    turn.explain("not_rung", words, policy_path=path, episode_id=episode.episode_id, signal_id=signal.signal_id)
    if episode.responsible is None:
        assign_silently(turn, episode, signal)


def _quiet(turn: Turn[Fact], episode: Episode, signal: Signal) -> tuple[str, str | None] | None:
    """Why a signal rings nobody, however grave, and the line of the policy: the rules changed and not the customer's
    trouble, or it is for information beside signals that ask something."""
    if isinstance(turn.fact, RulesChanged):
        return "No ring: the rules changed. It is shown.", None
    beside = not turn.book.is_for_information(episode)
    informs = turn.book.informs(signal, turn.book.order_of(episode))
    return ("No ring: it is for information.", "plays.refund_kinds") if informs and beside else None


def _new_episode(turn: Turn[Fact], order: Order, signal: Signal) -> Episode:
    before = turn.state.latest_closed.get(order.order_id)
    episode = Episode(
        episode_id=derived("episode", order.order_id, signal.signal_id, *([before.episode_id] if before else [])),
        account_id=order.account_id,
        order_id=order.order_id,
        salesperson=order.sold_by,
        raised_at=turn.now,
        changed_at=turn.now,
        follows=before.episode_id if before else None,
    )
    turn.book.put_episode(episode)
    return episode


def rise(turn: Turn[Fact], episode: Episode, signal: Signal) -> bool:
    """Judge the severity of an episode anew, after one of its signals changed. Returns whether it went up."""
    order = turn.book.order_of(episode)
    grave = graveness(turn.book.telling(episode), order, turn.book.policy_for(order)[1])
    risen, rose = _risen(turn, episode, signal, grave)
    if rose:
        turn.book.put_episode(replace(risen, changed_at=turn.now))
    return rose


def _risen(turn: Turn[Fact], episode: Episode, signal: Signal, grave: Graveness) -> tuple[Episode, bool]:
    """The episode at its new severity, and whether that is a higher one: it never falls."""
    before = episode.severity
    if grave.severity.rank <= before.rank:
        return episode, False
    version, _ = turn.book.policy_for(turn.book.order_of(episode))
    _explain_severity(turn, episode, signal, grave)
    fact = SeverityRaised(
        episode=episode.episode_id,
        order=episode.order_id,
        severity=grave.severity,
        before=before,
        signal=signal.signal_id,
        kind=signal.kind,
        policy_version=version,
    )
    turn.publish(fact, discriminator=signal.signal_id)
    return replace(episode, severity=grave.severity, policy_version=version), True


def _tell_of_episode(turn: Turn[Fact], episode: Episode, signal: Signal, grave: Graveness) -> None:
    fact = EpisodeRaised(
        episode=episode.episode_id,
        order=episode.order_id,
        salesperson=episode.salesperson,
        signal=signal.signal_id,
        kind=signal.kind,
        at=signal.at,
        severity=episode.severity,
        follows=episode.follows,
        policy_version=episode.policy_version,
    )
    turn.publish(fact, at=signal.at, discriminator=episode.episode_id)
    _explain_signal(turn, episode, signal)
    _explain_severity(turn, episode, signal, grave)


def _tell_of_signal(turn: Turn[Fact], episode: Episode, signal: Signal) -> None:
    fact = EpisodeSignalled(
        episode=episode.episode_id,
        order=episode.order_id,
        signal=signal.signal_id,
        kind=signal.kind,
        case=signal.case_id,
        at=signal.at,
    )
    turn.publish(fact, at=signal.at, discriminator=signal.signal_id)
    _explain_signal(turn, episode, signal)


def _explain_signal(turn: Turn[Fact], episode: Episode, signal: Signal) -> None:
    turn.explain(
        "signal",
        signal_words(signal, episode.order_id),
        episode_id=episode.episode_id,
        signal_id=signal.signal_id,
        policy_version=signal.policy_version,
        policy_path=f"signals.{signal.kind.value}",
    )


def _explain_severity(turn: Turn[Fact], episode: Episode, signal: Signal, grave: Graveness) -> None:
    turn.explain(
        "severity",
        f"Severity {grave.severity.value}: {grave.why}.",
        episode_id=episode.episode_id,
        signal_id=signal.signal_id,
        policy_path=grave.policy_path,
    )
