"""What support may say to a customer who wants to leave, in words: see `rescue_of`."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

_UTC = {"UTC", "Etc/UTC", "Etc/UCT", "UCT", "Universal", "Etc/Universal", "Zulu", "Etc/Zulu"}


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """An open save window at the time `now`. `name` is the name of the person who is notified or, if `acknowledged`,
    calls: they promised `call_at`, or talked with the customer at `reached_at`. `zone` is the customer's."""

    account: str
    order: str
    case: str | None
    name: str
    acknowledged: bool
    until: datetime
    zone: str
    now: datetime
    call_at: datetime | None = None
    reached_at: datetime | None = None


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
            "acknowledge, and after they have talked."
        ),
    )
    reached_at: datetime | None = Field(
        default=None,
        description="Time of their conversation with the customer, in the same time zone. Absent before.",
    )


def rescue_of(window: OpenWindow) -> Rescue:
    """What support may say: nobody's name and no time until they acknowledge it."""
    about = {"account": window.account, "order": window.order, "case": window.case}
    if not window.acknowledged:
        return Rescue(**about, say="A colleague will call you.")
    zone, name = ZoneInfo(window.zone), window.name
    if window.call_at is not None and window.call_at > window.now:
        at = _minute(window.call_at, zone)
        return Rescue(**about, say=f"{name} will call you at {_clock(at, window)}.", name=name, until=at)
    if window.reached_at is not None:
        at = _minute(window.reached_at, zone)
        return Rescue(**about, say=f"You talked with {name} at {_clock(at, window)}.", name=name, reached_at=at)
    by = _minute(window.until, zone)
    clock = _clock(by, window)
    comma = "," if "," in clock else ""
    return Rescue(**about, say=f"{name} will call you by {clock}{comma} at the latest.", name=name, until=by)


def _minute(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(second=0, microsecond=0)


def _clock(at: datetime, window: OpenWindow) -> str:
    """A time in the customer's zone, with the day unless it is today."""
    clock = f"{at:%H:%M} UTC" if in_utc(window.zone) else f"{at:%H:%M}"
    today = window.now.astimezone(at.tzinfo).date()
    return clock if at.date() == today else f"{clock} on {at:%A}, {at.day} {at:%B}"


def in_utc(zone: str) -> bool:
    """Whether a zone is UTC: also given if no zone of the customer was reported, so a time names it."""
    return zone in _UTC
