"""Ways to reach a person: links to press, and the choices for how it was done."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from services.escalation.domain.happenings import WaysTo
from services.escalation.domain.phones import country_of, phone_links
from services.escalation.domain.policy.model import Policy
from services.escalation.domain.reaching import OnRecord, StandIn, country_for
from services.escalation.domain.words import BY_CHANNEL
from services.escalation.store.inbox import EpisodeRow
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.support_inbound import ContactChannel

CHANNELS = tuple((channel.value, label) for channel, label in BY_CHANNEL.items() if channel is not ContactChannel.WEB)
"""Ways of talking with a customer, as the choices of a list; a form on the web is no talk."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to reach a person: `href` starts with tel: or mailto:."""

    href: str
    label: str


def phone(number: str | None, country: str | None, company: str | None) -> tuple[Way, ...]:
    """The numbers in a text as links to call, by the customer's country or else the company's; empty if nothing in it
    can be dialled."""
    links = phone_links(number, country or country_of([number]) or company)
    return tuple(Way(one.href, one.marked_label) for one in links)


def on_record(row: EpisodeRow) -> OnRecord:
    """The order's record of the customer of an episode."""
    return OnRecord(row.customer_name, row.customer_phone, row.customer_email, row.customer_country)


def dialled(row: EpisodeRow, facts: Iterable[Envelope[Fact]], policy: Policy) -> WaysTo:
    """The ways to call the numbers that an episode's customer left."""
    return partial(phone_links, country=country_for(on_record(row), facts, policy.company.country))


def instead(other: StandIn) -> tuple[Way, ...]:
    """The ways to contact a person who is not the customer."""
    calls, written = (Way(one.href, f"Call {one.marked_label}") for one in other.calls), mail(other.email)
    return (*calls, *((Way(written.href, f"E-mail {other.name}, {written.label}"),) if written else ()))


def mail(address: str | None) -> Way | None:
    return Way(f"mailto:{quote(address, safe='@+')}", address) if address and "@" in address else None
