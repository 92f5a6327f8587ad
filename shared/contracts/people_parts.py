"""What is said of people who sell: when they work, when they are away, and who takes over."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.fact import Value
from shared.contracts.fields import CalendarDate, EndOfHours, Id, TimeOfDay


class Day(StrEnum):
    """A day of the week."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


class WorkingHours(Value):
    """Hours of work that start on these days, on the wall clock of the person's zone.

    They end at 24:00 at the latest (`23:59` means 24:00), or the next day: from 22:00 to 06:00 is a night.
    """

    days: Annotated[tuple[Day, ...], Field(min_length=1, max_length=7)]
    start: TimeOfDay
    end: EndOfHours

    @model_validator(mode="after")
    def _last_a_while(self) -> Self:
        if self.end == self.start:
            raise PydanticCustomError("working_hours", "must not end when they start: the whole day is 00:00 to 24:00")
        if self.start == "23:59":
            raise PydanticCustomError("working_hours", "must start before the last minute of the day, or at 00:00")
        return self

    @property
    def over_midnight(self) -> bool:
        """Whether they end on the day after they start."""
        return self.end < self.start


class Successor(Value):
    """Who takes over a salesperson's book, from which day (in the salesperson's zone) on."""

    salesperson: Id = Field(description="Id of the salesperson who takes over.")
    since: CalendarDate = Field(description="From this day on.")


class Away(Value):
    """Days on which a salesperson is away, the first and the last included, in the salesperson's zone."""

    since: CalendarDate = Field(description="The first day away.")
    until: CalendarDate = Field(description="The last day away.")

    @model_validator(mode="after")
    def _until_after_since(self) -> Self:
        if self.until < self.since:
            raise PydanticCustomError("away", "must not end before it starts")
        return self
