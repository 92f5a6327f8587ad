"""What support may say to a customer who wants to leave, in words: see `rescue_of`."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

_UTC = {"UTC", "Etc/UTC", "Etc/UCT", "UCT", "Universal", "Etc/Universal", "Zulu", "Etc/Zulu"}


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """An open save window at the time `now`. `name` is the name of the person who is notified or, if `acknowledged`,
    calls; `zone` is the customer's."""

    account: str
    order: str
    case: str | None
    name: str
    acknowledged: bool
    until: datetime
    zone: str
    now: datetime


class Rescue(BaseModel):
    """A colleague who calls the customer about one order."""

    account: str = Field(description="ID of the account.")
    order: str = Field(description="ID of the order.")
    case: str | None = Field(default=None, description="ID of the case of the first request, if it names one.")
    say: str = Field(description="What you may say to the customer.")
    name: str | None = Field(default=None, description="Name of the colleague. Absent until they acknowledge it.")
    until: datetime | None = Field(
        default=None,
        description=(
            "Latest time at which they call, in the customer's time zone (UTC if it is unknown). Absent until they "
            "acknowledge."
        ),
    )


def rescue_of(window: OpenWindow) -> Rescue:
    """What support may say: nobody's name and no time until they acknowledge it."""
    about = {"account": window.account, "order": window.order, "case": window.case}
    if not window.acknowledged:
        return Rescue(**about, say="A colleague will call you.")
    until = window.until.astimezone(ZoneInfo(window.zone)).replace(second=0, microsecond=0)
    today = window.now.astimezone(until.tzinfo).date()
    clock = f"{until:%H:%M} UTC" if in_utc(window.zone) else f"{until:%H:%M}"
    by = clock if until.date() == today else f"{clock} on {until:%A}, {until.day} {until:%B},"
    return Rescue(**about, say=f"{window.name} will call you by {by} at the latest.", name=window.name, until=until)


def in_utc(zone: str) -> bool:
    """Whether a zone is UTC: also given if no zone of the customer was reported, so a time names it."""
    return zone in _UTC
