"""The base of every event's data: what a class must say about itself to be sent."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

About = Literal["account", "salesperson", "policy"]
Right = Literal["directory"]
"""What a publisher must be allowed beside a type. `directory`: to say who sells, and who looks after a customer."""


class Value(BaseModel):
    """A frozen part of a fact. Unknown members are ignored: a publisher may add some before we know them."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Fact(Value):
    """The data of an event. A subclass that is sent names its wire type, its topic and its version."""

    type: ClassVar[str]
    """CloudEvents `type`, like "support.refund_requested"."""
    topic: ClassVar[str]
    """Logical topic, without the installation's prefix."""
    about: ClassVar[About] = "account"
    """Whose id the subject is."""
    right: ClassVar[Right | None] = None
    """What a publisher's key needs to send it over HTTP, beside its type."""
    happened: ClassVar[tuple[str, ...]] = ()
    """Members that are instants of the past, beside the event's own time: none may lie ahead of our clock."""
    version: ClassVar[int] = 1
    """Counts up when a change would break readers of stored events."""

    @classmethod
    def dataschema(cls) -> str:
        """CloudEvents `dataschema` of this class."""
        return f"urn:handoff:{cls.type}:{cls.version}"
