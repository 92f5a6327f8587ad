"""The reader of a page or an e-mail, with instants and names as shown to that person."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from services.escalation.domain import words
from services.escalation.domain.words.in_short import unturned
from shared.ids import SalespersonId


@dataclass(frozen=True, slots=True)
class LocalTime:
    """An instant for people: relative to now, and absolute in the reader's zone. `when` and `at` are for sentences:
    "on 4 May 2026", "at 14:30", "on 4 May at 14:30".
    """

    iso: str
    ago: str
    when: str
    absolute: str
    clock: str
    at: str


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
            iso=at.isoformat(),
            ago=words.ago(at, self.now),
            when=words.when(at, self.now),
            absolute=words.absolute(local),
            clock=words.local_clock(local, self.now),
            at=words.at_clock(local, self.now),
        )

    def due(self, at: datetime) -> str:
        """ "is due at 16:00", "was due on 4 May at 16:00"."""
        return f"{'is' if at > self.now else 'was'} due {self.moment(at).at}"

    def is_me(self, salesperson_id: str | None) -> bool:
        return salesperson_id == self.salesperson_id

    def name_of(self, salesperson_id: str | None, name: str | None) -> str:
        """ "You", or a person's name."""
        return "You" if self.is_me(salesperson_id) else unturned(name or salesperson_id or "No one")
