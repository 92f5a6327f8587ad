"""Signals, episodes and alerts are exactly those that follow from what was heard, and alert the right person."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.faults.checker.evidence import Evidence, Row
from tests.faults.checker.recipients import Directory
from tests.faults.checker.walking import Account, Signal, expected_effects, sold_at


def every_signal_is_kept_with_its_order(run: Evidence) -> Iterator[str]:
    """None missing, none extra, none twice; each in the episode of the order it belongs to, or waiting."""
    orders = {row["episode_id"]: row["order_id"] for row in _rows(run, "episodes")}
    found = defaultdict[object, list[Row]](list)
    for row in _rows(run, "signals"):
        found[row["account_id"], row["at"], row["kind"]].append(row)
    for signal in _signals(expected_effects(run)):
        rows = found.pop((signal.account, signal.at, signal.kind), [])
        if len(rows) != 1:
            yield f"{_name(signal)} is kept {len(rows)} times"
        elif orders.get(rows[0]["episode_id"]) != signal.order:
            yield f"{_name(signal)} belongs to {signal.order} and stands at {orders.get(rows[0]['episode_id'])}"
    yield from (f"signal {key} follows from nothing" for key in found)


def every_order_at_risk_has_one_episode(run: Evidence) -> Iterator[str]:
    """And no other order has one: nothing for accounts that never bought."""
    wanted = {(account.id, order) for account in expected_effects(run).values() for order in account.episodes}
    found = Counter((row["account_id"], row["order_id"]) for row in _rows(run, "episodes"))
    yield from (f"order {order} of {account} has no episode" for account, order in sorted(wanted - found.keys()))
    for (account, order), count in found.items():
        if (account, order) not in wanted or count > 1:
            yield f"order {order} of {account} has {count} episodes, and {(account, order) in wanted:d} at most is due"


def every_ring_is_one_alert(run: Evidence) -> Iterator[str]:
    """A signal that had to ring has alerted once, any other never.

    An acknowledgement may come before the look for a late seller that a second ring was waiting for.
    """
    signals = {row["signal_id"]: row for row in _rows(run, "signals")}
    unknown = [row for row in _rows(run, "alerts") if row["signal_id"] not in signals]
    yield from (f"alert {row['alert_id']} of {row['account_id']} is for no signal" for row in unknown)
    found = Counter(
        (row["account_id"], signals[row["signal_id"]]["at"])
        for row in _rows(run, "alerts")
        if row["signal_id"] in signals
    )
    for account in expected_effects(run).values():
        for signal in account.signals.values():
            count = found.pop((account.id, signal.at), 0)
            excused = count == 0 and signal.order is not None and account.episodes[signal.order].presses > 0
            if count != signal.rang and not (excused and _came_late(run, account, signal)):
                yield f"{_name(signal)} of {signal.order} has alerted {count} times, and had to {signal.rang:d} times"
    yield from (f"{key} has alerted {count} times and is no signal" for key, count in found.items())


def every_alert_is_for_the_right_person(run: Evidence) -> Iterator[str]:
    """With the reason that fits; and the episode is that person's."""
    directory, accounts = Directory(run), expected_effects(run)
    episodes = {row["episode_id"]: row for row in _rows(run, "episodes")}
    for row in _rows(run, "alerts"):
        episode = episodes.get(row["episode_id"])
        account = accounts.get(row["account_id"])
        order = account.orders.get(episode["order_id"]) if account and episode else None
        if order is None:
            yield f"alert {row['alert_id']} of {row['account_id']} is about no order of this account"
            continue
        allowed = directory.may_hear(order, row["raised_at"])
        if (row["recipient"], row["because"]) not in allowed:
            yield f"alert {row['alert_id']} went to {row['recipient']} as {row['because']}, and had to go to {allowed}"
    for row in episodes.values():
        account = accounts.get(row["account_id"])
        order = account.orders.get(row["order_id"]) if account else None
        allowed = directory.may_hear(order, row["changed_at"]) if order else set()
        if row["responsible"] not in {person for person, _ in allowed}:
            yield f"episode of {row['order_id']} is {row['responsible']}'s, and had to be one of {allowed}'s"


def an_episode_stands_as_taken_where_it_was(run: Evidence) -> Iterator[str]:
    """Until it rings again."""
    accounts = expected_effects(run)
    for row in _rows(run, "episodes"):
        account = accounts.get(row["account_id"])
        episode = account.episodes.get(row["order_id"]) if account else None
        if episode is not None and episode.acknowledged != (row["acknowledged_at"] is not None):
            stands = "taken" if row["acknowledged_at"] else "not taken"
            yield f"episode of {row['order_id']} stands as {stands}, and the presses and rings say otherwise"


def orders_and_cases_are_known_as_told(run: Evidence) -> Iterator[str]:
    """Whose an order is, who sold it and when; which order a case is about and how often it was passed on."""
    accounts = expected_effects(run).values()
    orders = {
        (account.id, id, order.data.get("sold_by"), sold_at(order))
        for account in accounts
        for id, order in account.orders.items()
    }
    kept = {(row["account_id"], row["order_id"], row["sold_by"], row["sold_at"]) for row in _rows(run, "orders")}
    yield from (f"order {order} is kept and was not told so" for order in kept - orders)
    yield from (f"order {order} is not kept so" for order in orders - kept)
    cases = {
        (account.id, case, account.case_orders.get(case), account.reassignments.get(case, 0))
        for account in accounts
        for case in account.case_orders.keys() | account.reassignments.keys()
    }
    known = {(row["account_id"], row["case_id"], row["order_id"], row["reassignments"]) for row in _rows(run, "cases")}
    yield from (f"case {case} is kept and was not told so" for case in known - cases)
    yield from (f"case {case} is not kept so" for case in cases - known)


def _came_late(run: Evidence, account: Account, signal: Signal) -> bool:
    """Whether the seller of a signal's order was told of after the directory."""
    seller = account.orders[signal.order or ""].data.get("sold_by")
    rest = [event.kind == "salesperson_changed" for event in run.history]
    directory = rest.index(False) if False in rest else len(rest)
    return seller is not None and seller not in {event.subject for event in run.history[:directory]}


def _signals(accounts: dict[str, Account]) -> Iterator[Signal]:
    for account in accounts.values():
        yield from account.signals.values()


def _name(signal: Signal) -> str:
    return f"{signal.kind} of {signal.account} at {signal.at.isoformat()}"


def _rows(run: Evidence, table: str) -> list[Row]:
    return run.rows("escalation", f"escalation.{table}")
