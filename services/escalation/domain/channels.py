"""The channels on which an alert reaches a person, each defined once with all its differences. Composing and sending
messages is in `services.escalation.channels`, one module each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from services.escalation.domain import push_reasons
from services.escalation.domain.entities import Salesperson
from shared.contracts.escalation import DeliveryChannel

REFUSES = "the mail server refused"
OFFERS_NO_ENCRYPTION = "the mail server offers no STARTTLS encryption"
IS_NOT_TRUSTED = "the mail server's certificate is not trusted"
CANNOT_ENCRYPT = "encryption with the mail server failed"
TAKES_NO_SUCH_SENDER = "the mail server takes only ASCII before the @ of the sender's address (it offers no SMTPUTF8)"


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of a person, without the other data of the directory. `has_device`: a browser of theirs receives
    notifications."""

    email: str | None
    phone: str | None
    chat: str | None
    has_device: bool = False


Addressee: TypeAlias = Salesperson | Addresses


@dataclass(frozen=True, slots=True)
class ChannelDefinition:
    """One channel. `name` is in rows and events, `label` is for people. `message` and `messages` call what it sends.

    A channel either shows an alert at once, to everyone: then `shown` describes that. Or it sends messages, which wait
    for their time: then `address` finds a person's address. `no_address` is the reason for a person without one,
    `address_gone` the reason if it was removed between the alert and the sending.

    `only_with_address`: a person without an address has no delivery on it, not a skipped one. `comes_first`: its
    messages ask for a response before those of channels that give way (`gives_way`) are sent.

    `not_again` is the reason why nothing on it can be sent again; None: an operator can do so. `marks_addresses`: the
    directory marks an address that the channel refuses. `standing_trouble` are the beginnings of reasons that block
    every message until an operator changes something; trouble that may pass by itself is not among them.
    """

    name: str
    label: str
    message: str = ""
    messages: str = ""
    shown: str | None = None
    address: Callable[[Addressee], str | None] = lambda _: None
    no_address: str = ""
    address_gone: str = ""
    only_with_address: bool = False
    comes_first: bool = False
    gives_way: bool = False
    not_again: str | None = None
    marks_addresses: bool = False
    standing_trouble: tuple[str, ...] = ()

    @property
    def shows_at_once(self) -> bool:
        """Whether it only shows alerts and sends nothing."""
        return self.shown is not None


INBOX = ChannelDefinition(
    name="inbox", label="the inbox", shown="shown in the inbox", not_again="it is already shown in the inbox"
)
EMAIL = ChannelDefinition(
    name=DeliveryChannel.EMAIL.value,
    label="e-mail",
    message="e-mail",
    messages="e-mails",
    address=lambda person: person.email,
    no_address="no e-mail address is known",
    address_gone="the e-mail address is no longer known",
    gives_way=True,
    marks_addresses=True,
    standing_trouble=(REFUSES, OFFERS_NO_ENCRYPTION, IS_NOT_TRUSTED, CANNOT_ENCRYPT, TAKES_NO_SUCH_SENDER),
)
PUSH = ChannelDefinition(
    name=DeliveryChannel.PUSH.value,
    label="notifications on devices",
    message="notification on a device",
    messages="notifications on devices",
    address=lambda person: "the devices that receive notifications" if person.has_device else None,
    no_address="no device receives notifications",
    address_gone="no device receives notifications any more",
    only_with_address=True,
    comes_first=True,
    standing_trouble=push_reasons.STANDING,
)

CHANNELS: Mapping[str, ChannelDefinition] = {one.name: one for one in (INBOX, EMAIL, PUSH)}
"""The definitions by name, in the order in which an alert gets its deliveries."""
SHOWING: tuple[str, ...] = tuple(one.name for one in CHANNELS.values() if one.shows_at_once)
"""The names of the channels that show alerts."""
SENDING: tuple[str, ...] = tuple(one.name for one in CHANNELS.values() if not one.shows_at_once)
"""The names of the channels that send messages."""
SENT_AGAIN: tuple[str, ...] = tuple(one.name for one in CHANNELS.values() if one.not_again is None)
"""The names of the channels on which an operator can send a message again."""


FIRST: str = " or ".join(one.message for one in CHANNELS.values() if one.comes_first)
"""The message that comes first, as people call it."""


def is_reachable(person: Addressee) -> bool:
    """Whether a message reaches this person on any channel."""
    return any(CHANNELS[name].address(person) is not None for name in SENDING)
