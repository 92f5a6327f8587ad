"""Random stories of one order, from its sale over its closes to the results. Start at `random_story`."""

from datetime import timedelta
from random import Random

from services.escalation.domain.own_facts import OfferLogged
from shared.contracts import orders, support
from shared.contracts.escalation import EpisodeResult
from shared.contracts.support_inbound import ContactResult, Direction, RefundKind
from shared.transaction import Refused
from tests.simulation.results import (
    ACCOUNT,
    CANCELLED,
    DAY,
    DEAD_END,
    HOUR,
    MINUTE,
    ORDER,
    REFUND,
    Story,
    contact,
    paid,
    rated,
)
from tests.simulation.tables import EPISODES

_STEPS = 14
_FACTS = (
    REFUND,
    REFUND,
    DEAD_END,
    DEAD_END,
    support.RefundRequested(order=ORDER, kind=RefundKind.CHARGEBACK),
    support.RefundWithdrawn(order=ORDER),
    paid(),
    paid(300),
    paid(300),
    CANCELLED,
    rated(1),
    rated(5),
    contact(Direction.INBOUND, ContactResult.UNANSWERED),
    contact(Direction.OUTBOUND, ContactResult.ANSWERED),
    orders.OrderDelivered(order=ORDER),
)
_AGO = (timedelta(0), timedelta(0), MINUTE, HOUR, DAY, 8 * DAY)
_AGO_OR_AHEAD = (*_AGO, -5 * MINUTE)
"""The clocks of orders and support may be ahead of escalation's."""
_PAUSES = (MINUTE, HOUR, 5 * HOUR, DAY, 12 * DAY, 31 * DAY)
_CLOSES = (*[EpisodeResult.SAVED] * 4, EpisodeResult.LOST, EpisodeResult.FALSE_ALARM)


def random_story(chance: Random, story: Story, *, restarts: float = 0.1) -> Story:
    """The story of one order, played: facts, in time, late or ahead, and closes, some of them undone.

    `restarts` is the share of steps before which the process restarts.
    """
    story.begin()
    if chance.random() < 0.3:
        story.report(orders.OrderChanged(order=ORDER, delivery_due_at=story.now + HOUR))
    for number in range(_STEPS):
        lot = chance.random()
        if chance.random() < restarts:
            story.restart()
        if lot < 0.35:
            story.report(chance.choice(_FACTS), chance.choice(_AGO_OR_AHEAD))
        elif lot < 0.6:
            story.wait(chance.choice(_PAUSES))
        elif lot < 0.72:
            story.sell(
                f"n-new-{number}", story.now - chance.choice(_AGO_OR_AHEAD), renews=chance.choice((None, None, ORDER))
            )
        else:
            _press(chance, story)
    return story


def _press(chance: Random, story: Story) -> None:
    """Close the open episode, perhaps with an offer before, or undo the last close."""
    rows = [row for row in story.database.tables[EPISODES].values() if row["order_id"] == ORDER]
    if not rows:
        return
    row = rows[-1]
    try:
        if row["closed_at"] is not None:
            if chance.random() < 0.2:
                story.undo(row["episode_id"])
            return
        if chance.random() < 0.5:
            offer = OfferLogged(episode=story.take(), by="anna", what="A credit.", amount_minor=500)
            story.try_to_press(offer, ACCOUNT)
            story.wait(MINUTE)
        if any(row["closed_at"] is None for row in story.database.tables[EPISODES].values()):
            story.close(chance.choice(_CLOSES))
    except Refused:
        pass
