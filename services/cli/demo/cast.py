"""Everybody the stories are about: invented people at invented addresses, with numbers kept free for fiction."""

from dataclasses import dataclass
from typing import Any

from shared.contracts.orders_inbound import Customer, Day, SalespersonChanged, WorkingHours
from shared.contracts.support_inbound import Person

_OFFICE_HOURS = (
    WorkingHours(
        days=(Day.MONDAY, Day.TUESDAY, Day.WEDNESDAY, Day.THURSDAY, Day.FRIDAY),
        start="09:00",
        end="17:30",
    ),
)


@dataclass(frozen=True, slots=True)
class Seller:
    """Somebody who sells, or leads those who do."""

    id: str
    name: str
    phone: str
    zone: str
    manager: str | None = None

    @property
    def email(self) -> str:
        return f"{self.id}@sales.example"

    def introduced(self, **changes: Any) -> SalespersonChanged:
        """All that a directory would tell of this person."""
        fields: dict[str, Any] = {
            "name": self.name,
            "manager": self.manager,
            "email": self.email,
            "phone": self.phone,
            "zone": self.zone,
            "working_hours": _OFFICE_HOURS,
        }
        return SalespersonChanged(**(fields | changes))


@dataclass(frozen=True, slots=True)
class Buyer:
    """Somebody who bought."""

    id: str
    name: str
    phone: str
    zone: str

    @property
    def first_name(self) -> str:
        return self.name.split()[0]

    def as_customer(self) -> Customer:
        return Customer(name=self.name, phone=self.phone, email=f"{self.id}@customers.example", zone=self.zone)

    def as_caller(self) -> Person:
        return Person(name=self.name, phone=self.phone)


INES = Seller("ines.moreau", "Ines Moreau", "+33 1 99 00 41 10", "Europe/Paris")
SOFIA = Seller("sofia.rossi", "Sofia Rossi", "+33 1 99 00 41 27", "Europe/Rome", manager=INES.id)
MAREK = Seller("marek.nowak", "Marek Nowak", "+49 30 23125 416", "Europe/Warsaw", manager=INES.id)
ANNA = Seller("anna.berg", "Anna Berg", "+49 30 23125 133", "Europe/Berlin", manager=INES.id)
JONAS = Seller("jonas.keller", "Jonas Keller", "+49 30 23125 208", "Europe/Berlin", manager=INES.id)
AT_WORK = (INES, SOFIA, MAREK, JONAS)
"""Who still works here when the stories begin."""

PETRA = Buyer("petra-weiss", "Petra Weiss", "+49 30 23125 901", "Europe/Berlin")
OWEN = Buyer("owen-hughes", "Owen Hughes", "+44 20 7946 0318", "Europe/London")
LUCIA = Buyer("lucia-ferrer", "Lucía Ferrer", "+1 212 555 0142", "America/New_York")
TARIQ = Buyer("tariq-aziz", "Tariq Aziz", "+49 30 23125 644", "Europe/Berlin")
NAOMI = Buyer("naomi-clarke", "Naomi Clarke", "+44 20 7946 0755", "Europe/London")
