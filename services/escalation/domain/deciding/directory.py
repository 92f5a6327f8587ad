"""Escalation's own copy of sales, people and accounts, kept from what orders and support publish."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from pydantic import BaseModel

from services.escalation.domain.addresses import notices, signs_out
from services.escalation.domain.deciding.episodes import match_waiting_signals, weigh_again
from services.escalation.domain.deciding.people import check_at_next_absence, check_now_and_soon
from services.escalation.domain.draft import Draft
from services.escalation.domain.entities import Order, Salesperson
from services.escalation.domain.facts import lines_of_sale
from shared.contracts import orders
from shared.contracts.envelope import Fact
from shared.contracts.mailboxes import is_same_address
from shared.contracts.order_parts import Customer, Line


def record_order(draft: Draft[orders.OrderPlaced]) -> None:
    """Keep a sale, and match the signals that were waiting for it."""
    fact = draft.fact
    if fact.order in draft.state.orders:
        return
    customer = fact.customer or Customer()
    renewed = fact.renews if fact.sold_by is None else None
    draft.keep(
        Order(
            order_id=fact.order,
            account_id=draft.account_id,
            sold_by=fact.sold_by or _seller_of(draft, renewed),
            sold_at=fact.sold_at,
            amount_minor=fact.amount_minor,
            currency=fact.currency,
            bought=bought(fact.lines),
            seen_at=draft.now,
            customer_name=customer.name,
            customer_phone=customer.phone,
            customer_email=customer.email,
            customer_zone=customer.zone,
            segment=fact.segment,
            products=products(fact.lines),
            outcome_expected_by=fact.outcome_expected_by,
            customer_country=customer.country,
            inherits_from=renewed,
            quantities=quantities(fact.lines),
        )
    )
    _pass_on_seller(draft, fact.order)
    match_waiting_signals(draft)


def _seller_of(draft: Draft[Fact], order_id: str | None) -> str | None:
    order = draft.state.orders.get(order_id or "")
    return order.sold_by if order else None


def _pass_on_seller(draft: Draft[Fact], order_id: str) -> None:
    """The seller of an order also counts as the seller of its renewal, and of the renewal's renewals."""
    passing = [order_id]
    while passing:
        earlier = draft.state.orders[passing.pop()]
        for order in draft.state.inheriting(earlier.order_id):
            if order.sold_by != earlier.sold_by:
                draft.keep(replace(order, sold_by=earlier.sold_by))
                passing.append(order.order_id)


def correct_sale(draft: Draft[orders.SaleCorrected]) -> None:
    """Set another seller for an order and its renewals. Later notifications use this seller. The latest fact counts."""
    order = draft.state.orders.get(draft.fact.order)
    if order is None or _is_later(order.corrected_at, draft.event.time):
        return
    corrected = replace(order, sold_by=draft.fact.sold_by, corrected_at=draft.event.time, inherits_from=None)
    draft.keep(corrected)
    _pass_on_seller(draft, order.order_id)


def reassign_account(draft: Draft[orders.AccountReassigned]) -> None:
    """Move an account to another person's book. The latest fact counts."""
    account = draft.work.account(draft.account_id)
    if _is_later(account.assigned_at, draft.event.time):
        return
    to, since = draft.fact.salesperson, draft.fact.since
    draft.keep(replace(account, assigned_to=to, assigned_since=since, assigned_at=draft.event.time))


def record_salesperson(draft: Draft[orders.SalespersonChanged]) -> None:
    """Keep the latest fact about a person. Everything that waited for this person, or is theirs, is checked again.

    The orders service publishes a person's facts in the order in which they count. At equal times the later arrival
    wins.
    """
    known = draft.work.people.get(draft.event.subject)
    if known is not None and _is_later(known.changed_at, draft.event.time):
        return
    fact = draft.fact
    draft.keep(
        _with_devices(
            known,
            salesperson_id=draft.event.subject,
            changed_at=draft.event.time,
            name=fact.name,
            manager=fact.manager,
            email=fact.email,
            phone=fact.phone,
            chat=fact.chat,
            zone=fact.zone,
            working_hours=_json(fact.working_hours),
            active=fact.active,
            successor=fact.successor.salesperson if fact.successor else None,
            successor_since=fact.successor.since if fact.successor else None,
            backup=fact.backup,
            away=_json(fact.away),
            days_off=orjson.dumps(fact.days_off).decode(),
            country=fact.country,
            region=fact.region,
            rings_off_hours=fact.rings_off_hours,
            approves_up_to=None if fact.approves_up_to is None else _json(fact.approves_up_to),
            **_of_the_address(known, fact.email),
        )
    )
    draft.hurry_timers(draft.event.lock_key)
    if known is None:
        check_at_next_absence(draft)
        return
    _secure(draft, known, draft.work.people[known.salesperson_id])
    if _counts_at_once(known, draft.work.people[known.salesperson_id]):
        check_now_and_soon(draft, reachable=_reaches_at_last(known, fact.email))


def _with_devices(known: Salesperson | None, **published: Any) -> Salesperson:
    """The person as published. Their devices stay, unless they are signed out."""
    person = Salesperson(**published)
    stay = known is not None and known.has_device and not signs_out(known, person)
    return replace(person, has_device=stay)


def _of_the_address(known: Salesperson | None, email: str | None) -> dict[str, Any]:
    """The delivery failure recorded for an address, kept while the address stays the same."""
    if known is None or not is_same_address(known.email, email):
        return {}
    return {"email_failed_at": known.email_failed_at, "email_failed_because": known.email_failed_because}


def _reaches_at_last(known: Salesperson, email: str | None) -> bool:
    """Whether mail now reaches a person whom it did not reach before."""
    if email is None or is_same_address(known.email, email):
        return False
    return known.email is None or known.email_failed_at is not None


def _secure(draft: Draft[orders.SalespersonChanged], before: Salesperson, after: Salesperson) -> None:
    """End the person's sessions when their address changes or they leave; notify the old and the new address."""
    if signs_out(before, after):
        draft.work.changes.signed_out.add(after.salesperson_id)
    draft.work.changes.notices += notices(before, after, draft.event, draft.now)


def _counts_at_once(before: Salesperson, after: Salesperson) -> bool:
    """Whether a change applies to episodes that the person already has. Changed hours count from the next notification:
    a person who was given until 15:00 keeps that deadline."""
    moved = not is_same_address(before.email, after.email)
    return moved or (before.active, before.away) != (after.active, after.away)


def _is_later(known: datetime | None, reported: datetime) -> bool:
    return known is not None and known > reported


def _json(values: Sequence[BaseModel]) -> str:
    return orjson.dumps([value.model_dump(mode="json") for value in values]).decode()


def bought(lines: Sequence[Line]) -> str:
    """The products sold, in one line."""
    return ", ".join(line.product if line.quantity == 1 else f"{line.quantity} × {line.product}" for line in lines)


def products(lines: Sequence[Line]) -> str:
    """The lines' products, as they are kept."""
    return orjson.dumps([line.product for line in lines]).decode()


def quantities(lines: Sequence[Line]) -> str | None:
    """How many each line is of, as it is kept; None where all are of one."""
    counts = [line.quantity for line in lines]
    return orjson.dumps(counts).decode() if set(counts) != {1} else None


def remember_lines(draft: Draft[orders.OrderDelivered | orders.OrderChanged]) -> None:
    """Keep the lines as they were sold. Partial deliveries and changes are compared with them."""
    order = draft.state.orders.get(draft.fact.order)
    if order is not None and draft.fact.lines:
        draft.work.put_fact(lines_of_sale(order))


def change_order(draft: Draft[orders.OrderChanged]) -> None:
    """Set new lines or a new amount for an order; the latest of each counts. The severity may go up."""
    order = draft.state.orders.get(draft.fact.order)
    if order is None:
        return
    changed = _with_amount(draft, _with_lines(draft, order))
    if changed != order:
        draft.keep(changed)
        weigh_again(draft, changed)


def _with_lines(draft: Draft[orders.OrderChanged], order: Order) -> Order:
    lines, at = draft.fact.lines, draft.event.time
    if lines is None or (order.lines_changed_at is not None and order.lines_changed_at > at):
        return order
    return replace(
        order, bought=bought(lines), products=products(lines), quantities=quantities(lines), lines_changed_at=at
    )


def _with_amount(draft: Draft[orders.OrderChanged], order: Order) -> Order:
    amount_minor, at = draft.fact.amount_minor, draft.event.time
    if amount_minor is None or (order.amount_changed_at is not None and order.amount_changed_at > at):
        return order
    return replace(order, amount_minor=amount_minor, amount_changed_at=at)
