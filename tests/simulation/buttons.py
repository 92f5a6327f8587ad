"""The buttons that a person may press on an episode of a history, most often *Acknowledge*. Start at `press`."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from services.escalation.domain import own_facts
from services.escalation.domain.own_facts import EpisodeButton
from shared.contracts.escalation import EpisodeResult, SaleContribution
from tests.simulation.database import Database
from tests.simulation.happenings import PEOPLE
from tests.simulation.tables import OFFERS, Row


def press(chance: Random, database: Database, row: Row) -> EpisodeButton:
    """A button on the page of this episode: of a person who has it, or of any other.

    An offer that waits is often answered, and a close is often undone.
    """
    asked = [row["responsible"], row["acknowledged_by"], row["offered_to"], chance.choice(PEOPLE)]
    by = chance.choice([one for one in asked if one is not None])
    pressed = button(chance, row["episode_id"], by, database.now)
    offer = pending_offer(database, row["episode_id"])
    if offer is not None and chance.random() < 0.4:
        pressed = answer(chance, offer)
    if row["closed_by"] is not None and chance.random() < 0.5:
        pressed = own_facts.ReopenPressed(episode=row["episode_id"], by=row["closed_by"])
    return pressed


def button(chance: Random, episode: UUID, by: str, now: datetime) -> EpisodeButton:
    """Any button that a person may press, most often *Acknowledge*."""
    later = now + timedelta(hours=chance.choice((1, 20)))
    press = chance.choice(_BUTTONS)
    return press(episode, by, later, chance)


def answer(chance: Random, offer: Row) -> EpisodeButton:
    """An answer of the person who is asked to approve an offer, or of another person."""
    asked = (offer["asked"], offer["asked"], offer["by"], chance.choice(PEOPLE))
    episode, by = offer["episode_id"], chance.choice(asked)
    if chance.random() < 0.3:
        return own_facts.DeclinePressed(episode=episode, by=by, offer=offer["offer_id"])
    amount = chance.choice((None, None, 1_00, 9_000_00))
    return own_facts.ApprovePressed(episode=episode, by=by, offer=offer["offer_id"], amount_minor=amount)


def pending_offer(database: Database, episode: UUID) -> Row | None:
    """The offer of an episode that waits for an answer."""
    offers = database.tables[OFFERS].values()
    return next((row for row in offers if row["episode_id"] == episode and row["state"] == "pending"), None)


def _close(episode: UUID, by: str, _later: datetime, chance: Random) -> EpisodeButton:
    result, reason = chance.choice(
        (
            (EpisodeResult.SAVED, "problem_solved"),
            (EpisodeResult.FALSE_ALARM, "no_such_reason"),
            (EpisodeResult.LOST, "price"),
        )
    )
    answers = {
        "could_have": chance.choice((None, "Call them sooner.")),
        "contributed": chance.choice((None, *SaleContribution)),
        "may_call_again": chance.choice((None, True, False)),
    }
    return own_facts.ClosePressed(episode=episode, by=by, result=result, reason=reason, **answers)


_Press = Callable[[UUID, str, datetime, Random], EpisodeButton]
_BUTTONS: Sequence[_Press] = (
    *[lambda episode, by, _later, _chance: own_facts.AcknowledgePressed(episode=episode, by=by)] * 5,
    lambda episode, by, _later, _chance: own_facts.NotMinePressed(episode=episode, by=by),
    lambda episode, by, _later, _chance: own_facts.AttemptLogged(episode=episode, by=by, note="Nobody."),
    lambda episode, by, _later, _chance: own_facts.CustomerReachedLogged(episode=episode, by=by),
    lambda episode, by, later, _chance: own_facts.AppointmentLogged(episode=episode, by=by, at=later),
    lambda episode, by, later, _chance: own_facts.SnoozePressed(episode=episode, by=by, until=later),
    lambda episode, by, later, chance: own_facts.HandOverPressed(
        episode=episode, by=by, to=chance.choice(PEOPLE), until=later
    ),
    lambda episode, by, _later, _chance: own_facts.HandOverAcceptPressed(episode=episode, by=by),
    lambda episode, by, _later, chance: own_facts.ReassignPressed(
        episode=episode, by=by, to=chance.choice(PEOPLE), note="Please call today."
    ),
    lambda episode, by, _later, _chance: own_facts.TakeOverPressed(episode=episode, by=by),
    lambda episode, by, _later, _chance: own_facts.SeenPressed(episode=episode, by=by),
    lambda episode, by, _later, chance: own_facts.OfferLogged(
        episode=episode, by=by, what="A credit.", amount_minor=chance.choice((None, 10_00, 400_00))
    ),
    *[
        lambda episode, by, _later, chance: own_facts.ApprovalAsked(
            episode=episode, by=by, what="A larger credit.", amount_minor=chance.choice((450_00, 800_00, 2_500_00))
        )
    ]
    * 2,
    _close,
)
