"""The forms of an episode: the button of each, and its required fields. Start at `button_of`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from starlette.datastructures import FormData

from services.escalation.domain import own_facts
from services.escalation.domain.buttons import (
    ApprovalAsked,
    ApprovePressed,
    DeclinePressed,
    EpisodeButton,
    OfferButton,
    OfferLogged,
)
from services.escalation.domain.words.in_short import quoted
from services.escalation.domain.written import LONGEST_NOTE, as_written
from services.escalation.inbox.amounts import NotAnAmount, amount_entered
from services.escalation.inbox.moments import NotAMoment, entered, in_an_hour, tomorrow_morning
from shared.contracts.escalation import CustomersAnswer, EpisodeResult, SaleContribution, WinBackAnswer
from shared.contracts.support_inbound import ContactChannel
from shared.ids import SalespersonId

SEPARATOR = ":"
IN_AN_HOUR = "in_an_hour"
TOMORROW = "tomorrow"
Kind = TypeVar("Kind", bound=Enum)


class YesOrNo(StrEnum):
    """An answer to a question of a form."""

    YES = "yes"
    NO = "no"


class NotUnderstood(ValueError):
    """A form with a missing or impossible value. Carries what the person can do."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press: the person, the action, the episode, the zone and the time. `hand_over_ends` is when a hand-over to the
    form's colleague ends if no time is entered, `currency` the order's."""

    action: str
    episode: UUID
    by: SalespersonId
    zone: ZoneInfo
    now: datetime
    hand_over_ends: datetime | None = None
    currency: str | None = None


def button_of(pressed: Pressed, form: FormData) -> EpisodeButton:
    """The button press of a form. Raises NotUnderstood, or KeyError for an unknown action."""
    made = _BUTTONS[pressed.action]
    try:
        return made(pressed, form)
    except (NotAMoment, NotAnAmount) as error:
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
    until = _until(pressed, form) if named else pressed.hand_over_ends or in_an_hour(pressed.now)
    return own_facts.HandOverPressed(episode=pressed.episode, by=pressed.by, to=to, until=until, note=note_of(form))


def _reassign(pressed: Pressed, form: FormData) -> EpisodeButton:
    to, reason = text_of(form, "to"), note_of(form)
    if not to:
        raise NotUnderstood("Choose a colleague to assign it to.")
    if reason is None:
        raise NotUnderstood("Enter a reason, which your colleague can read.")
    return own_facts.ReassignPressed(episode=pressed.episode, by=pressed.by, to=to, note=reason)


def _offered(kind: type[OfferButton]) -> Callable[[Pressed, FormData], EpisodeButton]:
    def made(pressed: Pressed, form: FormData) -> EpisodeButton:
        what, percent = as_written(text_of(form, "what")), text_of(form, "percent")
        if not what:
            raise NotUnderstood("Say in a few words what you offer.")
        if percent and not (percent.isascii() and percent.isdecimal() and 1 <= int(percent) <= 100):
            raise NotUnderstood("Enter the percentage as a whole number from 1 to 100.")
        amount = amount_entered(text_of(form, "amount"), pressed.currency)
        share = int(percent) if percent else None
        return kind(episode=pressed.episode, by=pressed.by, what=what, amount_minor=amount, percent=share)

    return made


def _approve(pressed: Pressed, form: FormData) -> EpisodeButton:
    amount = amount_entered(text_of(form, "amount"), pressed.currency)
    return ApprovePressed(episode=pressed.episode, by=pressed.by, offer=_offer(form), amount_minor=amount)


def _decline(pressed: Pressed, form: FormData) -> EpisodeButton:
    return DeclinePressed(episode=pressed.episode, by=pressed.by, offer=_offer(form))


def _offer(form: FormData) -> UUID:
    try:
        return UUID(text_of(form, "offer"))
    except ValueError:
        raise NotUnderstood("This form is incomplete. Reload the page and try again.") from None


def _close(pressed: Pressed, form: FormData) -> EpisodeButton:
    result, _, reason = text_of(form, "ending").partition(SEPARATOR)
    if not reason:
        raise NotUnderstood("Choose how it ended and why.")
    chosen = _one_of(EpisodeResult, result)
    close = own_facts.ClosePressed(
        episode=pressed.episode, by=pressed.by, result=chosen, reason=reason, note=note_of(form)
    )
    return close.model_copy(update=_answers(form)) if chosen is EpisodeResult.LOST else close


def _answers(form: FormData) -> Mapping[str, object]:
    """The answers to the questions about a loss; None: not answered. Raises NotUnderstood."""
    contributed, again = text_of(form, "contributed"), text_of(form, "may_call_again")
    return {
        "could_have": _written(form, "could_have", "answer"),
        "contributed": _one_of(SaleContribution, contributed) if contributed else None,
        "may_call_again": _one_of(YesOrNo, again) is YesOrNo.YES if again else None,
    }


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


def win_back_answer_of(form: FormData) -> WinBackAnswer:
    """A lost customer's answer. Raises NotUnderstood."""
    return _one_of(WinBackAnswer, text_of(form, "answer"))


def note_of(form: FormData) -> str | None:
    """The note for the next person who has the episode. Raises NotUnderstood."""
    return _written(form, "note", "note")


def _written(form: FormData, name: str, what: str) -> str | None:
    text = as_written(text_of(form, name))
    if len(text) > LONGEST_NOTE:
        raise NotUnderstood(f"This {what} has {len(text)} characters; at most {LONGEST_NOTE} are allowed.")
    return text or None


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
    "reassign": _reassign,
    "take-over": _plain(own_facts.TakeOverPressed),
    "seen": _plain(own_facts.SeenPressed),
    "close": _close,
    "offer": _offered(OfferLogged),
    "ask-approval": _offered(ApprovalAsked),
    "approve": _approve,
    "decline": _decline,
    "reopen": _plain(own_facts.ReopenPressed),
}
ACTIONS = tuple(_BUTTONS)
MANAGERS_ACTIONS = ("reassign", "take-over")
"""The actions of managers, who need no part in the episode. `deciding.managing` decides who may."""
