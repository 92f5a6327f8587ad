"""The reader of a page or an e-mail, with instants and names as shown to that person."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from services.escalation.domain import words
from services.escalation.domain.words.in_short import unturned
from shared.ids import SalespersonId


@dataclass(frozen=True, slots=True)
class LocalTime:
    """An instant for people: relative to now, and absolute in the reader's zone."""

    iso: str
    ago: str
    absolute: str
    clock: str


@dataclass(frozen=True, slots=True)
class Reader:
    """The reader of a page or an e-mail, with their zone and the time."""

    salesperson_id: SalespersonId
    zone: ZoneInfo
    now: datetime
    name: str = ""

    def moment(self, at: datetime) -> LocalTime:
        local = at.astimezone(self.zone)
        return LocalTime(
            at.isoformat(), words.ago(at, self.now), words.absolute(local), words.local_clock(local, self.now)
        )

    def is_me(self, salesperson_id: str | None) -> bool:
        return salesperson_id == self.salesperson_id

    def name_of(self, salesperson_id: str | None, name: str | None) -> str:
        """ "You", or a person's name."""
        return "You" if self.is_me(salesperson_id) else unturned(name or salesperson_id or "No one")
