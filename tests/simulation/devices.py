"""Browsers that receive notifications in a history, and the push service that reaches them. Start at `Devices`.

In most histories nobody has one. What happens to devices comes from a generator of its own.
"""

from collections.abc import Sequence
from random import Random
from uuid import UUID, uuid5

from services.escalation.domain.channels import PUSH
from services.escalation.domain.delivery_facts import Attempt, DeliveryAttempted
from services.escalation.store.claims import ClaimedDelivery, ClaimedMessage
from tests.simulation.database import Database, Session
from tests.simulation.happenings import PEOPLE
from tests.simulation.statements.of_the_store import with_device
from tests.simulation.tables import COLUMNS, DEVICES
from tests.simulation.tables import PEOPLE as KNOWN
from tests.simulation.workers import Mail, Sender

_IDS = UUID(int=0)


class Devices:
    """The devices of everybody in a history. `service` is what their notifications pass through."""

    def __init__(self, seed: int, database: Database) -> None:
        self.chance = Random(f"devices {seed}")
        self.used = self.chance.random() < 0.4
        self.service = PushService(self.chance, database)

    @property
    def processes(self) -> Sequence[str]:
        """Who sends notifications."""
        return ("pusher 1", "pusher 2") if self.used else ()

    def happen(self) -> str | None:
        """A person may add a device, or lose all of theirs. Return what happened, in words."""
        if not self.used or self.chance.random() > 0.4:
            return None
        person = self.chance.choice(PEOPLE)
        if (person,) not in self.service.database.tables[KNOWN]:  # nobody else can sign in
            return None
        if self.chance.random() < 0.2:
            self.service.end(person)
            return f"{person} has no device any more"
        self.service.add(person)
        return f"{person} has a device more"


class PushService(Mail):
    """What took notifications, for whose devices, and what it answers."""

    def __init__(self, chance: Random, database: Database) -> None:
        super().__init__(chance)
        self.database = database
        self.added = 0

    def add(self, person: str) -> None:
        self.added += 1
        id = uuid5(_IDS, str(self.added))
        of_person = {"device_id": id, "salesperson_id": person, "added_at": self.database.now}
        self.database.tables[DEVICES][(id,)] = {**COLUMNS[DEVICES], **of_person}

    def end(self, person: str) -> None:
        """All devices of a person are gone."""
        for key, row in list(self.database.tables[DEVICES].items()):
            if row["salesperson_id"] == person:
                self.database.tables[DEVICES][key] = {**row, "ended_at": self.database.now}

    def take_for(self, person: str, deliveries: list[UUID]) -> Attempt:
        """As mail is taken; nobody's device takes anything, and a browser is often gone."""
        if not self.calm and self.chance.random() < 0.2:
            self.end(person)
        return self.take(deliveries) if person in with_device(Session(self.database, "looking")) else Attempt.REFUSED


class Pusher(Sender):
    """Sends what is due on devices."""

    channel = PUSH.name

    def send(self, message: ClaimedMessage) -> Attempt:
        return self._service.take_for(message.recipient, [one.delivery_id for one in message.deliveries])

    def attempted(self, delivery: ClaimedDelivery, result: Attempt) -> DeliveryAttempted:
        """A service may name the pause until the next attempt."""
        fact = super().attempted(delivery, result)
        if result is not Attempt.PUT_OFF:
            return fact
        return fact.model_copy(update={"retry_after_seconds": self._service.chance.choice((None, 1, 40, 900))})

    @property
    def _service(self) -> PushService:
        assert isinstance(self.ground.push, PushService)
        return self.ground.push
