"""The forms of an episode: the button of each, and its required fields. Start at `button_of`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from starlette.datastructures import FormData

from services.escalation.domain import own_facts
from services.escalation.domain.own_facts import EpisodeButton
from services.escalation.domain.words.in_short import quoted
from services.escalation.domain.written import LONGEST_NOTE, as_written
from services.escalation.inbox.moments import NotAMoment, entered, in_an_hour, tomorrow_morning
from shared.contracts.escalation import CustomersAnswer, EpisodeResult
from shared.contracts.support_inbound import ContactChannel
from shared.ids import SalespersonId

SEPARATOR = ":"
IN_AN_HOUR = "in_an_hour"
TOMORROW = "tomorrow"
Kind = TypeVar("Kind", bound=Enum)


class NotUnderstood(ValueError):
    """A form with a missing or impossible value. Carries what the person can do."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press: the person, the action, the episode, the zone and the time. `offer_ends` is when an offer to the form's
    colleague ends if no time is entered."""

    action: str
    episode: UUID
    by: SalespersonId
    zone: ZoneInfo
    now: datetime
    offer_ends: datetime | None = None


def button_of(pressed: Pressed, form: FormData) -> EpisodeButton:
    """The button press of a form. Raises NotUnderstood, or KeyError for an unknown action."""
    made = _BUTTONS[pressed.action]
    try:
        return made(pressed, form)
    except NotAMoment as error:
        raise NotUnderstood(str(error)) from None
    except ValidationError:
        raise NotUnderstood("Some of these values are not valid. Reload the page and try again.") from None


def ending_value(result: EpisodeResult, reason: str) -> str:
    """A result with its reason, as one choice of a list."""
    return f"{result.value}{SEPARATOR}{reason}"


def _plain(kind: type[EpisodeButton]) -> Callable[[Pressed, FormData], EpisodeButton]:
    def made(pressed: Pressed, _: FormData) -> EpisodeButton:
        return kind(episode=pressed.episode, by=pressed.by)

    return made


def _not_reached(pressed: Pressed, form: FormData) -> EpisodeButton:
    return own_facts.AttemptLogged(episode=pressed.episode, by=pressed.by, channel=channel_of(form), note=note_of(form))


def _reached(pressed: Pressed, form: FormData) -> EpisodeButton:
    return own_facts.CustomerReachedLogged(
        episode=pressed.episode, by=pressed.by, channel=channel_of(form), note=note_of(form)
    )


def _appointment(pressed: Pressed, form: FormData) -> EpisodeButton:
    at = entered(text_of(form, "at"), pressed.zone)
    return own_facts.AppointmentLogged(episode=pressed.episode, by=pressed.by, at=at)


def _snooze(pressed: Pressed, form: FormData) -> EpisodeButton:
    return own_facts.SnoozePressed(episode=pressed.episode, by=pressed.by, until=_until(pressed, form))


def _hand_over(pressed: Pressed, form: FormData) -> EpisodeButton:
    to = text_of(form, "to")
    if not to:
        raise NotUnderstood("Choose a colleague to hand it over to.")
    named = text_of(form, "until") or text_of(form, "at")
    until = _until(pressed, form) if named else pressed.offer_ends or in_an_hour(pressed.now)
    return own_facts.HandOverPressed(episode=pressed.episode, by=pressed.by, to=to, until=until, note=note_of(form))


def _close(pressed: Pressed, form: FormData) -> EpisodeButton:
    result, _, reason = text_of(form, "ending").partition(SEPARATOR)
    if not reason:
        raise NotUnderstood("Choose how it ended and why.")
    chosen = _one_of(EpisodeResult, result)
    return own_facts.ClosePressed(
        episode=pressed.episode, by=pressed.by, result=chosen, reason=reason, note=note_of(form)
    )


def _until(pressed: Pressed, form: FormData) -> datetime:
    """The time of the chosen button, else the time entered."""
    chosen = text_of(form, "until")
    if chosen == IN_AN_HOUR:
        return in_an_hour(pressed.now)
    if chosen == TOMORROW:
        return tomorrow_morning(pressed.now, pressed.zone)
    return entered(text_of(form, "at"), pressed.zone)


def channel_of(form: FormData) -> ContactChannel:
    """The channel of a talk; by phone unless the form names another. Raises NotUnderstood."""
    return _one_of(ContactChannel, text_of(form, "channel") or ContactChannel.PHONE.value)


def answer_of(form: FormData) -> CustomersAnswer:
    """The customer's answer. Raises NotUnderstood."""
    return _one_of(CustomersAnswer, text_of(form, "answer"))


def note_of(form: FormData) -> str | None:
    """The note for the next person who has the episode. Raises NotUnderstood."""
    note = as_written(text_of(form, "note"))
    if len(note) > LONGEST_NOTE:
        raise NotUnderstood(f"This note has {len(note)} characters; at most {LONGEST_NOTE} are allowed.")
    return note or None


def _one_of(kind: type[Kind], value: str) -> Kind:
    try:
        return kind(value)
    except ValueError:
        wrong = f"{quoted(value)} is not one of the options." if value else "Nothing was chosen."
        raise NotUnderstood(f"{wrong} Choose one from the list.") from None


def text_of(form: FormData, name: str) -> str:
    """The text entered; empty if there is none."""
    value: Any = form.get(name)
    return value.strip() if isinstance(value, str) else ""


_BUTTONS: Mapping[str, Callable[[Pressed, FormData], EpisodeButton]] = {
    "acknowledge": _plain(own_facts.AcknowledgePressed),
    "not-mine": _plain(own_facts.NotMinePressed),
    "not-reached": _not_reached,
    "reached": _reached,
    "appointment": _appointment,
    "snooze": _snooze,
    "hand-over": _hand_over,
    "accept": _plain(own_facts.HandOverAcceptPressed),
    "seen": _plain(own_facts.SeenPressed),
    "close": _close,
    "reopen": _plain(own_facts.ReopenPressed),
}
ACTIONS = tuple(_BUTTONS)
