"""Ways to reach somebody: links to press, and the choices of how it was done."""

import re
from dataclasses import dataclass
from urllib.parse import quote

from services.escalation.domain.words import BY_CHANNEL

CHANNELS = tuple((channel.value, words) for channel, words in BY_CHANNEL.items())
"""Ways of talking with a customer, as the choices of a list."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way to reach somebody: `href` starts tel: or mailto:."""

    href: str
    label: str


def phone(number: str | None) -> Way | None:
    """A number to call as a link; None where there are too few digits to dial."""
    dialled = re.sub(r"[^0-9+*#]", "", number or "")
    return Way(f"tel:{quote(dialled, safe='+*')}", number) if number and len(dialled) > 2 else None


def mail(address: str | None) -> Way | None:
    return Way(f"mailto:{quote(address, safe='@+')}", address) if address and "@" in address else None
