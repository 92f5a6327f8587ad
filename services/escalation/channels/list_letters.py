"""The content of a ranked list for the templates `list.txt` and `list.html`: most urgent first, the rest counted."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.escalation.channels.subjects import within
from services.escalation.domain.storms import SaleAtRisk
from services.escalation.domain.words import FOR_INFORMATION, SEVERITIES, absolute, counted, cut, label
from services.escalation.domain.words.in_short import customer_words
from services.escalation.domain.words.lists import amount, amounts, answer_by_words, call_words, time_left
from services.escalation.store.lists import ListedSale, ListLetter

_BOUGHT_LENGTH = 60
_NOTHING_STANDS = "No longer at risk"
"""For a sale whose signals all ended between the claim of the list and its composition."""


def list_subject(letter: ListLetter) -> str:
    """Such as "12 sales at risk: €48,200 · first Petra Weiss, refund requested, acknowledge by 14:30"."""
    news = f", {letter.new} new" if letter.new < letter.total else ""
    first = letter.sales[0]
    until = _until(first, letter)
    return (
        f"{_sales(letter.total)}{news}: {amounts(letter.at_risk)} · "
        f"first {_who(first)}, {within(_label(first))}, {until}"
    )


def list_fields(letter: ListLetter, inbox_url: str) -> dict[str, object]:
    """The fields of the templates."""
    return {
        "letter": letter,
        "headline": f"{_sales(letter.total)}: {amounts(letter.at_risk)}",
        "news": letter.new if letter.new < letter.total else 0,
        "sales": [_line(listed, letter, inbox_url) for listed in letter.sales],
        "left_out": letter.total - len(letter.sales),
        "url": f"{inbox_url}/",
        "written_at": absolute(letter.now.astimezone(ZoneInfo(letter.recipient_zone))),
    }


def _line(listed: ListedSale, letter: ListLetter, inbox_url: str) -> dict[str, Any]:
    sale = listed.sale
    facts = [
        amount(sale.amount_minor, sale.currency),
        _label(listed),
        _until(listed, letter),
        time_left(_call_at(sale) or sale.deadline_at, letter.now),
    ]
    return {
        "who": _who(listed),
        "severity": FOR_INFORMATION if listed.for_information else SEVERITIES[sale.severity],
        "facts": " · ".join(fact for fact in facts if fact),
        "bought": cut(sale.bought, _BOUGHT_LENGTH),
        "is_new": sale.is_new and letter.new < letter.total,
        "url": f"{inbox_url}/episodes/{sale.episode_id}",
    }


def _who(listed: ListedSale) -> str:
    return customer_words(listed.sale.customer_name, listed.sale.account_id)


def _label(listed: ListedSale) -> str:
    return label(listed.main) if listed.main is not None else _NOTHING_STANDS


def _until(listed: ListedSale, letter: ListLetter) -> str:
    if listed.for_information:
        return FOR_INFORMATION.lower()
    call_at = _call_at(listed.sale)
    if call_at is not None:
        return call_words(call_at, letter.recipient_zone, letter.now)
    return answer_by_words(listed.sale.deadline_at, letter.recipient_zone, letter.now)


def _call_at(sale: SaleAtRisk) -> datetime | None:
    """The time of a promised call, unless something else is due before."""
    at, deadline = sale.call_at, sale.deadline_at
    return at if at is not None and (deadline is None or at <= deadline) else None


def _sales(number: int) -> str:
    return f"{counted(number, 'sale')} at risk"
