"""Parts of a salesperson's directory entry: working hours, absences and successor."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts.fact import Value
from shared.contracts.fields import AmountMinor, CalendarDate, Currency, EndOfHours, Id, TimeOfDay


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
    """Working hours that start on these days, in local time of the person's time zone.

    They end by 24:00 (`23:59` means 24:00), or on the next day: 22:00 to 06:00 is a night shift.
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


class MoneyLimit(Value):
    """The largest amount in one currency. If a currency is listed twice, the lower amount counts."""

    currency: Currency = Field(description="Currency code of ISO 4217: three letters.")
    amount_minor: AmountMinor = Field(description="The largest amount, in the currency's smallest unit (cents).")


class Successor(Value):
    """The salesperson who takes over another's customers, from a certain day in the other's time zone."""

    salesperson: Id = Field(description="ID of the salesperson who takes over.")
    since: CalendarDate = Field(description="First day.")


class Away(Value):
    """An absence of a salesperson, first and last day included, in the salesperson's time zone."""

    since: CalendarDate = Field(description="The first day away.")
    until: CalendarDate = Field(description="The last day away.")

    @model_validator(mode="after")
    def _until_after_since(self) -> Self:
        if self.until < self.since:
            raise PydanticCustomError("away", "must not end before it starts")
        return self
