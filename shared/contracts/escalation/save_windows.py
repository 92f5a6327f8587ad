"""The save window of an episode: until when a colleague calls a customer who asked for a refund or a cancellation.

They have a topic of their own, because orders and support read it: nothing else about an episode concerns them.
"""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.escalation.kinds import SaveWindowEnd
from shared.contracts.fact import Fact
from shared.contracts.fields import Id, Instant, Text, Zone

TOPIC = "escalation.rescues.v1"
_CASE = Field(default=None, description="ID of the case of the first request. Absent if it names none.")


class SaveWindowOpened(Fact):
    """A colleague calls the customer by `until`, because they asked for a refund or a cancellation.

    It delays nothing that the customer is entitled to. It is published again when one of its fields changes; the last
    one about an episode counts, until its `save_window_closed`.
    """

    type: ClassVar[str] = "escalation.save_window_opened"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    case: Id | None = _CASE
    who: Id = Field(description="ID of the salesperson who is notified of it, or has acknowledged it.")
    name: Text | None = Field(default=None, description="Name of that salesperson, if the directory has one.")
    acknowledged: bool = Field(
        description="Whether `who` has acknowledged it. Before that, do not give their name to the customer."
    )
    until: Instant = Field(description="Time by which they call. After it the window is over, without another event.")
    call_at: Instant | None = Field(
        default=None, description="Time at which `who` promised the customer to call, if they did."
    )
    reached_at: Instant | None = Field(
        default=None,
        description="Time of the conversation of `who` with the customer, if they have made no request since.",
    )
    zone: Zone | None = Field(
        default=None, description="Time zone of the customer; if it was not reported, that of most customers."
    )


class SaveWindowClosed(Fact):
    """The save window is over: nobody calls the customer about the request any more.

    It is published again if a late report shows that it ended earlier for another reason.
    """

    type: ClassVar[str] = "escalation.save_window_closed"
    topic: ClassVar[str] = TOPIC

    episode: UUID
    order: Id
    case: Id | None = _CASE
    because: SaveWindowEnd = Field(description="What ended it.")
    closed_at: Instant = Field(description="Time at which it ended; it may be reported later.")
