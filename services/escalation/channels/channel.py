"""What a channel is: it writes messages of letters, sends them, and says how that ended. Start at `Channel`."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from services.escalation.domain.channels import ChannelDefinition
from services.escalation.domain.own_facts import Attempt
from services.escalation.store.deliveries import Letter
from services.escalation.store.lists import ListLetter

M = TypeVar("M")
"""A message as the channel sends it."""


class Trouble(StrEnum):
    """What stood in the way of a message: the label `trouble` of `handoff_delivery_attempts`."""

    NO_ANSWER = "no_answer"
    NO_ENCRYPTION = "no_encryption"
    CERTIFICATE = "certificate"
    LOGIN = "login"
    SERVER = "server_refused"
    SENDER = "sender_refused"
    RECIPIENT = "recipient_refused"
    MESSAGE = "message_refused"
    PUT_OFF = "put_off"
    BROKEN_OFF = "broken_off"
    ADDRESS = "address"
    COMPOSING = "composing"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Ended:
    """How an attempt ended; the reason names the fault, never an address."""

    result: Attempt
    reason: str | None = None
    trouble: Trouble | None = None

    @property
    def is_of_the_address(self) -> bool:
        """Whether no other message would reach this address either."""
        return self.trouble in (Trouble.RECIPIENT, Trouble.ADDRESS)


class Channel(Protocol[M]):
    """A channel that sends messages. `definition` has its name, and where a person's address on it is."""

    @property
    def definition(self) -> ChannelDefinition:
        """What else the service knows of it."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What operators should know of how it is set up."""
        ...

    def compose(self, letter: Letter | ListLetter) -> M | Ended:
        """The message for a letter, which has an address; where none can be written, how the attempt ended.

        It is the same message, by its id, however often it is sent: the first may have arrived.
        """
        ...

    async def send(self, message: M) -> Ended:
        """Send once, in bounded time, and raise nothing for a server that is away."""
        ...
