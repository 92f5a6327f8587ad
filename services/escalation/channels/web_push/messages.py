"""What a notification says: who, how bad, what, and until when; no number, address or words of a customer.

A lock screen shows it, so it says less than an e-mail. Start at `of_alert`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from services.escalation.channels.letters import in_words_of_the_sale
from services.escalation.domain.deliveries import BESIDE_THE_LADDER
from services.escalation.domain.reader import Reader
from services.escalation.domain.words import FOR_INFORMATION, SEVERITIES, at_clock, counted, cut, label, local_clock
from services.escalation.domain.words.in_short import customer_words
from services.escalation.domain.words.lists import amounts
from services.escalation.store.deliveries import Letter
from services.escalation.store.lists import ListLetter
from services.escalation.store.shown import TakenBack
from shared.contracts.escalation import RingCause, Severity
from shared.ids import SalespersonId
from shared.visible_text import one_line

LIST_TAG = "list"
_LONGEST_NAME = 60
_LONGEST_BODY = 200
_NAMED_IN_A_LIST = 3
_SHORTEST, _LONGEST = timedelta(seconds=60), timedelta(hours=24)
_TAKEN_BACK_WITHIN = timedelta(hours=1)
_ACTIONS = ({"action": "acknowledge", "title": "Acknowledge"}, {"action": "open", "title": "Open"})
_NOT_ACKNOWLEDGED = (RingCause.HANDED_OVER, RingCause.APPOINTMENT, *BESIDE_THE_LADDER)
"""Causes whose recipient accepts, calls, answers or reads, and does not acknowledge."""


@dataclass(frozen=True, slots=True)
class Press:
    """The alert that the button acknowledges, and until when, in milliseconds since 1970."""

    alert: UUID
    until_ms: int


@dataclass(frozen=True, slots=True)
class PushMessage:
    """One message to all devices of a person. `tag`: notifications with the same tag replace each other; a push service
    replaces a waiting message by a later one with the same tag, unless it `waits_beside` others. `deliveries`: what it
    is about; empty for one that needs not be taken back.

    `at` in `shown`, in milliseconds since 1970: devices show the later of two messages with the same tag, even if it
    arrives first.
    """

    recipient: SalespersonId
    tag: str
    shown: Mapping[str, Any] = field(repr=False)
    lives_for: timedelta
    is_urgent: bool = False
    waits_beside: bool = False
    deliveries: Sequence[UUID] = ()
    press: Press | None = None


def of_alert(letter: Letter) -> PushMessage:
    """The notification of one alert."""
    letter = in_words_of_the_sale(letter, letter.story.read())
    assert letter.main is not None
    parts, now = letter.parts, letter.now
    severity = FOR_INFORMATION if parts.for_information else SEVERITIES[parts.severity]
    until = None if parts.for_information else parts.answer_by
    presses = until is not None and parts.cause not in _NOT_ACKNOWLEDGED
    answered = parts.cause is RingCause.APPROVAL_ANSWERED
    said = [letter.why_you] if answered else [label(letter.main), letter.amount, _due(letter, until)]
    tag = str(letter.episode_id)
    return PushMessage(
        recipient=parts.recipient,
        tag=tag,
        shown={
            "kind": "alert",
            "title": f"{_name(letter.customer_name, letter.account_id)} · {severity}",
            "body": _line(" · ".join(one for one in said if one)),
            "url": f"/episodes/{tag}",
            "tag": tag,
            "at": _milliseconds(now),
            "until": None if until is None else _milliseconds(until),
            "actions": _ACTIONS if presses else (),
        },
        lives_for=_bounded(until, now),
        is_urgent=parts.severity in (Severity.CRITICAL, Severity.HIGH) and not parts.for_information,
        deliveries=(letter.delivery_id,),
        press=Press(letter.alert_id, _milliseconds(until)) if presses and until is not None else None,
    )


def of_list(letter: ListLetter) -> PushMessage:
    """The notification of deliveries that are sent together: it opens the inbox."""
    names = [_name(one.sale.customer_name, one.sale.account_id) for one in letter.sales[:_NAMED_IN_A_LIST]]
    more = letter.total - len(names)
    named = ", ".join(names) + (f" and {more} more" if more > 0 else "")
    first = letter.sales[0].sale.deadline_at if letter.sales else None
    return PushMessage(
        recipient=letter.recipient,
        tag=LIST_TAG,
        shown={
            "kind": "list",
            "title": f"{counted(letter.total, 'customer')} {'is' if letter.total == 1 else 'are'} waiting for you",
            "body": _line(f"{named} · {amounts(letter.at_risk)}"),
            "url": "/",
            "tag": LIST_TAG,
            "at": _milliseconds(letter.now),
            "until": None,
            "actions": (),
        },
        lives_for=_bounded(first, letter.now),
        is_urgent=any(one.sale.severity in (Severity.CRITICAL, Severity.HIGH) for one in letter.sales),
        deliveries=tuple(one.delivery_id for one in letter.deliveries),
    )


def of_end(over: TakenBack) -> PushMessage:
    """The message that takes a notification back. `stays`: it is replaced by the reason, if it is still shown.

    Its time is that of the latest notification that it is about, so an alert that is sent meanwhile stays.
    """
    reader = Reader(over.salesperson_id, ZoneInfo(over.zone), over.now, over.reader or "")
    by_others, reason = _why_over(over, reader)
    is_one = over.episodes == 1
    shown = {
        "kind": "over",
        "title": _name(over.customer_name, over.account_id) if is_one else "Handoff",
        "body": _line(reason),
        "url": f"/episodes/{over.episode_id}" if is_one else "/",
        "tag": over.tag,
        "at": _milliseconds(over.shown_at),
        "stays": by_others,
    }
    return PushMessage(over.salesperson_id, over.tag, shown, _TAKEN_BACK_WITHIN, waits_beside=True)


def test_message(person: SalespersonId, at: str) -> PushMessage:
    """A message that a person sends to their own devices, at a time on their clock."""
    shown = {
        "kind": "test",
        "title": "This device receives notifications",
        "body": f"You sent this test at {at}.",
        "url": "/devices",
        "tag": "test",
    }
    return PushMessage(person, "test", shown, _SHORTEST)


def with_press(message: PushMessage, token: str, device: UUID) -> PushMessage:
    """The message for one device, with the proof that its button needs."""
    assert message.press is not None
    press = {"device": str(device), "alert": str(message.press.alert), "token": token}
    return replace(message, shown={**message.shown, **press})


def _why_over(over: TakenBack, reader: Reader) -> tuple[bool, str]:
    """Whether another person did it, and what happened."""
    if over.is_approval:
        return False, "Your approval is no longer needed."
    if over.episodes != 1:
        return False, "No one is waiting for you any more."
    if over.acknowledged_by is not None and over.acknowledged_at is not None:
        name = reader.name_of(over.acknowledged_by, over.acknowledged_name)
        at = reader.moment(over.acknowledged_at).at
        if over.closed_at is None:
            return not reader.is_me(over.acknowledged_by), f"{name} acknowledged it {at}."
    if over.closed_at is not None:
        at = reader.moment(over.closed_at).at
        if over.closed_by is None:
            return True, f"It was closed automatically {at}."
        return not reader.is_me(over.closed_by), f"{reader.name_of(over.closed_by, over.closed_name)} closed it {at}."
    return True, "It is no longer with you."


def _due(letter: Letter, until: datetime | None) -> str | None:
    parts, zone = letter.parts, ZoneInfo(letter.parts.recipient_zone)
    if parts.cause is RingCause.APPOINTMENT and parts.promised_at is not None:
        return f"call {at_clock(parts.promised_at.astimezone(zone), letter.now)}"
    if until is None:
        return None
    return f"{parts.asked_to or 'respond'} by {local_clock(until.astimezone(zone), letter.now)}"


def _name(name: str | None, account: str) -> str:
    return cut(_line(customer_words(name, account)), _LONGEST_NAME)


def _line(text: str) -> str:
    """One line without control characters and marks that turn the reading direction."""
    return cut(" ".join(one_line(text).split()), _LONGEST_BODY)


def _bounded(until: datetime | None, now: datetime) -> timedelta:
    return _LONGEST if until is None else min(max(until - now, _SHORTEST), _LONGEST)


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
