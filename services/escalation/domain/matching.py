"""Which order a signal belongs to, by the signal's own time. A match is final."""

from datetime import timedelta

from services.escalation.domain.account_state import AccountState
from services.escalation.domain.entities import Order, Signal


def matching_order(signal: Signal, account: AccountState, *, seller_first_within: timedelta) -> Order | None:
    """The order it names, whatever its date; else the account's latest at or before it; None while there is none.

    A named order that the account does not have is waited for before the latest counts. A sale that somebody made goes
    before later ones that nobody made, if it is no older than `seller_first_within`.
    """
    if signal.names_order is not None and signal.names_order in account.orders:
        return account.orders[signal.names_order]
    if signal.order_awaited_until is not None:
        return None
    made = account.latest_order(signal.at, with_seller=True)
    if made is not None and made.sold_at >= signal.at - seller_first_within:
        return made
    return account.latest_order(signal.at)
