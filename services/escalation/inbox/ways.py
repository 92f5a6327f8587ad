"""Ways to reach somebody: links to press, and the choices of how it was done."""

from dataclasses import dataclass
from urllib.parse import quote

from services.escalation.domain.phones import phone_links
from services.escalation.domain.words import BY_CHANNEL

CHANNELS = tuple((channel.value, words) for channel, words in BY_CHANNEL.items())
"""Ways of talking with a customer, as the choices of a list."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to reach somebody: `href` starts tel: or mailto:."""

    href: str
    label: str


def phone(number: str | None, country: str | None) -> tuple[Way, ...]:
    """The numbers in a text as links to call; none where nothing in it can be dialled."""
    return tuple(Way(one.href, one.label) for one in phone_links(number, country))


def mail(address: str | None) -> Way | None:
    return Way(f"mailto:{quote(address, safe='@+')}", address) if address and "@" in address else None
