"""Everybody the stories are about: invented people at invented addresses, with numbers kept free for fiction."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

from shared.contracts.order_parts import Customer
from shared.contracts.orders_inbound import SalespersonChanged
from shared.contracts.people_parts import Day, WorkingHours
from shared.contracts.support_inbound import Person

_MORNING, _AFTERNOON = 9, 16
_AROUND_THE_WORLD = (
    "Pacific/Auckland",
    "Asia/Tokyo",
    "Asia/Kolkata",
    "Europe/Berlin",
    "America/Sao_Paulo",
    "America/Denver",
)


_DAY_AND_NIGHT = WorkingHours(days=tuple(Day), start="00:00", end="24:00")
"""The demo can be played at any hour."""


@dataclass(frozen=True, slots=True)
class Seller:
    """A salesperson or a manager. They work day and night, so that a demo notifies at any hour."""

    id: str
    name: str
    phone: str
    zone: str
    manager: str | None = None
    backup: str | None = None

    @property
    def email(self) -> str:
        return f"{self.id}@sales.example"

    def introduced(self, **changes: Any) -> SalespersonChanged:
        """The fact with which a directory reports this person."""
        fields: dict[str, Any] = {
            "name": self.name,
            "manager": self.manager,
            "email": self.email,
            "phone": self.phone,
            "zone": self.zone,
            "backup": self.backup,
            "working_hours": (_DAY_AND_NIGHT,),
        }
        return SalespersonChanged(**(fields | changes))


@dataclass(frozen=True, slots=True)
class Buyer:
    """A person who bought."""

    id: str
    name: str
    phone: str
    zone: str

    def as_customer(self, now: datetime) -> Customer:
        """The customer, in a zone where it is noon: a critical alert is sent only while the customer may be called."""
        zone = self.zone if _is_day(self.zone, now) else where_it_is_noon(now)
        return Customer(name=self.name, phone=self.phone, email=f"{self.id}@customers.example", zone=zone)

    def as_caller(self) -> Person:
        return Person(name=self.name, phone=self.phone)


def _is_day(zone: str, now: datetime) -> bool:
    return _MORNING <= now.astimezone(ZoneInfo(zone)).hour < _AFTERNOON


def where_it_is_noon(now: datetime) -> str:
    """A zone in the middle of its day, where customers may be called."""
    return min(_AROUND_THE_WORLD, key=lambda zone: abs(now.astimezone(ZoneInfo(zone)).hour - 12))


DESK = Seller("desk", "Lea Brandt", "+49 30 23125 100", "Europe/Berlin")
INES = Seller("ines.moreau", "Ines Moreau", "+33 1 99 00 41 10", "Europe/Paris")
SOFIA = Seller("sofia.rossi", "Sofia Rossi", "+33 1 99 00 41 27", "Europe/Rome", manager=INES.id)
MAREK = Seller("marek.nowak", "Marek Nowak", "+49 30 23125 416", "Europe/Warsaw", manager=INES.id)
ANNA = Seller("anna.berg", "Anna Berg", "+49 30 23125 133", "Europe/Berlin", manager=INES.id)
JONAS = Seller("jonas.keller", "Jonas Keller", "+49 30 23125 208", "Europe/Berlin", manager=INES.id)
VERA = Seller("vera.sand", "Vera Sand", "+46 8 465 004 10", "Europe/Stockholm")
TOMAS = Seller("tomas.lind", "Tomas Lind", "+46 8 465 004 17", "Europe/Stockholm", manager=VERA.id)
NINA = Seller("nina.holm", "Nina Holm", "+46 8 465 004 52", "Europe/Stockholm", manager=VERA.id, backup=TOMAS.id)
PAVEL = Seller("pavel.dvorak", "Pavel Dvořák", "+46 8 465 004 33", "Europe/Prague", manager=VERA.id)
AT_WORK = (DESK, INES, SOFIA, MAREK, JONAS, VERA, NINA, PAVEL)
"""The people at work when the stories begin. Tomas is employed too, but on holiday."""

PETRA = Buyer("petra-weiss", "Petra Weiss", "+49 30 23125 901", "Europe/Berlin")
OWEN = Buyer("owen-hughes", "Owen Hughes", "+44 20 7946 0318", "Europe/London")
LUCIA = Buyer("lucia-ferrer", "Lucía Ferrer", "+1 212 555 0142", "America/New_York")
TARIQ = Buyer("tariq-aziz", "Tariq Aziz", "+49 30 23125 644", "Europe/Berlin")
NAOMI = Buyer("naomi-clarke", "Naomi Clarke", "+44 20 7946 0755", "Europe/London")
CARLA = Buyer("carla-brandao", "Carla Brandão", "+49 30 23125 772", "Europe/Lisbon")
ELIF = Buyer("elif-yilmaz", "Elif Yılmaz", "+49 30 23125 583", "Europe/Berlin")
HENRIK = Buyer("henrik-olsen", "Henrik Olsen", "+47 22 00 41 90", "Europe/Oslo")
MIRA = Buyer("mira-kovac", "Mira Kovač", "+49 30 23125 827", "Europe/Berlin")
SAMIR = Buyer("samir-haddad", "Samir Haddad", "+44 20 7946 0421", "Europe/London")
HANA = Buyer("hana-sato", "Hana Sato", "+49 30 23125 866", "Europe/Berlin")
AOIFE = Buyer("aoife-byrne", "Aoife Byrne", "+44 20 7946 0689", "Europe/London")

_FIRST_NAMES = ("Ada", "Bruno", "Clara", "Dario", "Elin", "Felix")
_LAST_NAMES = ("Arnold", "Becker", "Costa", "Dubois", "Eriksen")


def many_buyers() -> Iterator[Buyer]:
    """Thirty households."""
    for number, (last, first) in enumerate(product(_LAST_NAMES, _FIRST_NAMES)):
        id = f"{first}-{last}".lower()
        yield Buyer(id, f"{first} {last}", f"+49 30 23125 {300 + number}", "Europe/Berlin")


def cafes() -> Iterator[Buyer]:
    """Ten cafés."""
    for number, (first, last) in enumerate(product(_FIRST_NAMES[:2], _LAST_NAMES)):
        id = f"cafe-{first}-{last}".lower()
        yield Buyer(id, f"{first} {last}, café owner", f"+49 30 23125 {340 + number}", "Europe/Berlin")
