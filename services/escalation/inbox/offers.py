"""Offers to the customer on the page: what was given away, and the request to approve more. Start at `offers_view`."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.escalation.domain.offers import AGREED, OfferState
from services.escalation.domain.reader import LocalTime, Reader
from services.escalation.domain.words.in_short import unturned
from services.escalation.store.inbox import EpisodeRow
from services.escalation.store.offers import OfferRow
from shared.formatting import minor_digits, money


@dataclass(frozen=True, slots=True)
class Request:
    """A pending request for its reader, who may approve it. `what` is in the words of the asker."""

    offer: str
    words: str
    what: str | None
    amount: str


@dataclass(frozen=True, slots=True)
class OfferLine:
    """One offer: its amount and state, in whose words, and when."""

    title: str
    what: str | None
    by: str
    at: LocalTime


@dataclass(frozen=True, slots=True)
class OffersView:
    """The offers of an episode. `request`: the reader is to answer; `asked`: the state of a request, for its other
    readers; `given`: what was given away so far. `currency` and `step` are for the field of an amount."""

    request: Request | None
    asked: str | None
    given: str | None
    lines: tuple[OfferLine, ...]
    currency: str | None
    step: str


def offers_view(row: EpisodeRow, offers: Sequence[OfferRow], reader: Reader) -> OffersView:
    """The offers of an episode as this reader sees them; `offers` only if it fills the page."""
    return OffersView(
        request=request_of(row, reader),
        asked=_asked(row, offers, reader),
        given=given_words([(one.agreed_minor, one.currency) for one in offers if one.state in AGREED]),
        lines=tuple(_line(one, reader) for one in offers),
        currency=row.currency,
        step=_step(row.currency),
    )


def given_words(amounts: Sequence[tuple[int | None, str]]) -> str | None:
    """The sum of agreed offers by currency, in words; None if no money was given away."""
    totals: dict[str, int] = {}
    for amount, currency in amounts:
        totals[currency] = totals.get(currency, 0) + (amount or 0)
    return ", ".join(money(minor, currency) for currency, minor in totals.items() if minor) or None


def _step(currency: str | None) -> str:
    digits = minor_digits(currency) if currency else 2
    return f"0.{'0' * (digits - 1)}1" if digits else "1"


def _amount(row: EpisodeRow) -> str:
    assert row.approval_minor is not None
    assert row.approval_currency is not None
    return money(row.approval_minor, row.approval_currency)


def request_of(row: EpisodeRow, reader: Reader) -> Request | None:
    """The pending request that this reader is to answer."""
    if row.closed_at is not None or row.approval_id is None or not reader.is_me(row.approval_asked):
        return None
    what = unturned(row.approval_what) if row.approval_what else None
    asker, amount = reader.name_of(row.approval_by, row.approval_by_name), _amount(row)
    return Request(str(row.approval_id), f"{asker} asks you to approve {amount}.", what, amount)


def _asked(row: EpisodeRow, offers: Sequence[OfferRow], reader: Reader) -> str | None:
    """The pending request for the asker and other readers, else the answer to the asker's last one."""
    if row.closed_at is not None or reader.is_me(row.approval_asked):
        return None
    if row.approval_asked is not None and row.approval_until is not None:
        asked, until = row.approval_asked_name or row.approval_asked, reader.moment(row.approval_until).clock
        return f"Asked {asked} to approve {_amount(row)} until {until}."
    answered = [one for one in offers if one.answered_at is not None and reader.is_me(one.by)]
    return _answer(answered[-1], reader) if answered and row.acknowledged_at is not None else None


def _answer(offer: OfferRow, reader: Reader) -> str:
    assert offer.answered_at is not None
    amount, at = money(offer.amount_minor, offer.currency), reader.moment(offer.answered_at).at
    if offer.state == OfferState.WITHDRAWN:
        return f"The request to approve {amount} ended {at}."
    if offer.answered_by is None:
        return f"No one approved {amount} in time, so it was declined {at}."
    name = reader.name_of(offer.answered_by, offer.answered_name)
    if offer.agreed_minor is None:
        return f"{name} declined {amount} {at}."
    agreed = money(offer.agreed_minor, offer.currency)
    return f"{name} approved {agreed} {at}." if agreed == amount else f"{name} approved {agreed}, not {amount}, {at}."


def _line(offer: OfferRow, reader: Reader) -> OfferLine:
    amount = money(offer.amount_minor, offer.currency) if offer.amount_minor else "Without money"
    if offer.agreed_minor is not None and offer.agreed_minor != offer.amount_minor:
        amount = f"{money(offer.agreed_minor, offer.currency)} instead of {amount}"
    if offer.percent:
        amount = f"{amount} ({offer.percent}% of the order)"
    what = unturned(offer.what) if offer.what else None
    return OfferLine(
        f"{amount}: {_state(offer, reader)}", what, reader.name_of(offer.by, offer.by_name), _at(offer, reader)
    )


def _at(offer: OfferRow, reader: Reader) -> LocalTime:
    return reader.moment(offer.answered_at or offer.at)


def _state(offer: OfferRow, reader: Reader) -> str:
    by = "you" if reader.is_me(offer.answered_by) else reader.name_of(offer.answered_by, offer.answered_name)
    match OfferState(offer.state):
        case OfferState.MADE:
            return "offered"
        case OfferState.PENDING:
            return "waiting for approval"
        case OfferState.WITHDRAWN:
            return "no longer asked for"
        case OfferState.APPROVED:
            return f"approved by {by}"
        case OfferState.DECLINED:
            return f"declined by {by}" if offer.answered_by else "declined: no one answered"
