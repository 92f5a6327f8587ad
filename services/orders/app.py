"""Orders: the sales, their sellers and promises, and the directory of people. Puts the service together."""

from datetime import datetime

from services.orders.domain import OWN_FACTS, SalespersonWanted
from services.orders.handlers import handle
from services.orders.outline import OUTLINE
from services.orders.settings import OrdersSettings
from services.orders.store import all_people
from shared.contracts.envelope import Envelope, Fact, envelope
from shared.ids import SalespersonId, derived
from shared.inputs import Batch, Input, InputKind
from shared.service import Service
from shared.transaction import InputProcessor
from shared.waiting import MoreWaits
from shared.web import publishing_app

NAME = "orders"
INBOUND = "orders.inbound.v1"
_PEOPLE_AT_ONCE = 500


def service(settings: OrdersSettings) -> Service:
    """The service with these settings."""
    return Service(
        name=NAME,
        listens_to=OUTLINE.listens_to,
        publishes=OUTLINE.publishes,
        handle=handle,
        migrations=OUTLINE.migrations,
        own_facts={**OWN_FACTS, MoreWaits.type: MoreWaits},
        web=publishing_app(settings, INBOUND, OUTLINE.publishes, summary="Keeps sales and people, and publishes them."),
    )


async def publish_people_again(processor: InputProcessor) -> int:
    """Publish all salespeople again in their known state. Return their number.

    Their topic keeps the last fact about each person for ever; the outbox does not.
    """
    async with processor.pool.acquire() as connection:
        people = await all_people(connection)
        now = await connection.fetchval("select shared.app_now()")
    for first in range(0, len(people), _PEOPLE_AT_ONCE):
        some = people[first : first + _PEOPLE_AT_ONCE]
        await processor.apply(Batch([_wanted(person, now) for person in some]), whole=True)
    return len(people)


def _wanted(person: SalespersonId, now: datetime) -> Input:
    fact = SalespersonWanted()
    id = str(derived(fact.type, person, now))
    event: Envelope[Fact] = envelope(fact, id=id, source="handoff/cli", subject=person, time=now)
    return Input(event, fact.model_dump_json().encode(), b"", InputKind.BUTTON)
