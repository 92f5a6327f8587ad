"""Channel: it composes messages from letters, sends them, and reports the result. Start at `Channel`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from math import ceil
from typing import Protocol, TypeVar

from services.escalation.domain.channels import ChannelDefinition
from services.escalation.domain.delivery_facts import Attempt
from services.escalation.store.deliveries import Letter
from services.escalation.store.lists import ListLetter
from shared.database import Pool

M = TypeVar("M")
"""A message as the channel sends it."""


class Trouble(StrEnum):
    """The reason why a message was not accepted: the label `trouble` of `handoff_delivery_attempts`."""

    NO_ANSWER = "no_answer"
    NO_ENCRYPTION = "no_encryption"
    CERTIFICATE = "certificate"
    LOGIN = "login"
    SERVER = "server_refused"
    SENDER = "sender_refused"
    RECIPIENT = "recipient_refused"
    MESSAGE = "message_refused"
    PUT_OFF = "put_off"
    CROWDED = "crowded"
    BROKEN_OFF = "broken_off"
    ADDRESS = "address"
    COMPOSING = "composing"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Ended:
    """The result of an attempt; the reason names the fault, never an address.

    `retry_after` is the pause that a server asked for when it deferred the message.
    """

    result: Attempt
    reason: str | None = None
    trouble: Trouble | None = None
    retry_after: timedelta | None = None

    @property
    def retry_after_seconds(self) -> int | None:
        """The pause asked for, in whole seconds, as an event carries it."""
        return None if self.retry_after is None else ceil(self.retry_after.total_seconds())

    @property
    def is_of_the_address(self) -> bool:
        """Whether the address itself is at fault, so that no other message would reach it either."""
        return self.trouble in (Trouble.RECIPIENT, Trouble.ADDRESS)


class Channel(Protocol[M]):
    """A channel that sends messages. `definition` has its name, and finds a person's address on it. At most `at_once`
    messages are sent at the same time."""

    at_once: int

    @property
    def definition(self) -> ChannelDefinition:
        """The channel's definition."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """Remarks for operators on its configuration."""
        ...

    def compose(self, letter: Letter | ListLetter) -> M | Ended:
        """The message for a letter with an address, or the attempt's result if no message can be composed.

        Every repetition is the same message with the same id, because the first may have arrived.
        """
        ...

    async def send(self, pool: Pool, message: M, /) -> Ended:
        """Send once, in bounded time, and raise nothing if the server is unavailable."""
        ...
