"""The people to call or write to about an episode, and the country of their numbers, for pages and mails."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.escalation.domain import words
from services.escalation.domain.happenings import SignalRow, WaysTo, opener_of, requester_of
from services.escalation.domain.phones import PhoneLink, country_of
from services.escalation.domain.words.in_short import NAME_LENGTH
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.support_inbound import Person


@dataclass(frozen=True, slots=True)
class OnRecord:
    """The order's record of its customer; `country` is ISO 3166-1."""

    name: str | None
    phone: str | None
    email: str | None
    country: str | None


@dataclass(frozen=True, slots=True)
class People:
    """The people who acted for the customer: the requester in the episode's main fact, and the opener of the case."""

    requester: Person | None
    opener: Person | None

    @property
    def known(self) -> Sequence[Person]:
        return tuple(filter(None, (self.requester, self.opener)))


@dataclass(frozen=True, slots=True)
class StandIn:
    """A person to contact who is not the customer."""

    name: str
    calls: tuple[PhoneLink, ...]
    email: str | None


def people_of(main: words.Risk, signals: Sequence[SignalRow], facts: Sequence[Envelope[Fact]]) -> People:
    """The people in the signals' first facts, and in the cases that these facts name."""
    return People(requester_of(main, signals, facts), opener_of(signals, facts))


def country_for(record: OnRecord, facts: Iterable[Envelope[Fact]], company: str | None) -> str | None:
    """The country of a number without a country code: the customer's, else that of another number of theirs, else the
    company's."""
    if record.country is not None:
        return record.country
    callers = (words.describe(event).by for event in facts)
    return country_of([record.phone, *(person.phone for person in callers if person)]) or company


def calls(people: People, record: OnRecord, ways: WaysTo) -> tuple[PhoneLink, ...]:
    """The requester's number first, then the numbers on record, then the case opener's, each once."""
    found: dict[str, PhoneLink] = {}
    for link in (*_links(people.requester, ways), *ways(record.phone), *_links(people.opener, ways)):
        found.setdefault(link.href, link)
    return tuple(found.values())


def named_contact(people: People, record: OnRecord) -> str | None:
    """The requester's name, or address or number without one; None if it is the name on record, which is shown."""
    name = _name(people.requester)
    return None if _same(name, record.name) else name


def stand_in(people: People, record: OnRecord, ways: WaysTo) -> StandIn | None:
    """The requester or the case opener, if that is not the customer and can be reached."""
    own = {link.href for link in ways(record.phone)}
    for person in people.known:
        links, name = _links(person, ways), _name(person)
        email = person.email if person.email and "@" in person.email else None
        is_customer = (
            _same(person.name, record.name)
            or _same(person.email, record.email)
            or any(link.href in own for link in links)
        )
        if name and (links or email) and not is_customer:
            return StandIn(words.cut(name, NAME_LENGTH), links, email)
    return None


def _links(person: Person | None, ways: WaysTo) -> tuple[PhoneLink, ...]:
    name = _name(person)
    if person is None or name is None:
        return ()
    short = words.cut(name, NAME_LENGTH)
    return tuple(
        PhoneLink(one.href, one.label if one.label == name else f"{short}, {one.label}") for one in ways(person.phone)
    )


def _name(person: Person | None) -> str | None:
    return (person.name or person.email or person.phone) if person else None


def _same(one: str | None, other: str | None) -> bool:
    return bool(one and other) and " ".join(str(one).split()).casefold() == " ".join(str(other).split()).casefold()
