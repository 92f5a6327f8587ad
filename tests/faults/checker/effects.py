"""Facts, signals, episodes and alerts follow exactly from the journaled inputs, and alerts go to the right person."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from tests.faults.checker.evidence import Evidence, Row
from tests.faults.checker.expecting import Effects, expected_effects
from tests.faults.checker.facts import derived
from tests.faults.checker.recipients import Directory
from tests.faults.checker.rescuing import Episode, Ring, Signal
from tests.faults.checker.sales import sold_at
from tests.faults.checker.walking import Account


def every_fact_is_remembered_once(run: Evidence) -> Iterator[str]:
    """None is missing, none is extra, and each has the reported values."""
    wanted = {
        (fact.id, account.id, fact.kind, fact.at, fact.case, fact.order, fact.courtesy, fact.amount)
        for account in _accounts(run)
        for fact in account.facts.values()
    }
    names = ("fact_id", "account_id", "kind", "at", "case_id", "order_id", "courtesy", "amount_minor")
    found = Counter(tuple(row[name] for name in names) for row in _rows(run, "facts"))
    yield from (f"fact {fact} is missing" for fact in wanted - found.keys())
    for fact, count in found.items():
        if fact not in wanted or count > 1:
            yield f"fact {fact} is remembered {count} times instead of {fact in wanted:d}"


def every_signal_is_kept_with_its_order(run: Evidence) -> Iterator[str]:
    """None is missing, extra or doubled; each is in the episode of its order, or waits for one."""
    found = defaultdict[object, list[Row]](list)
    for row in _rows(run, "signals"):
        found[row["signal_id"]].append(row)
    for signal in _signals(run):
        rows = found.pop(signal.id, [])
        wanted = (signal.account, signal.kind, signal.at, signal.fact, signal.episode)
        kept = [(r["account_id"], r["kind"], r["at"], r["fact_id"], r["episode_id"]) for r in rows]
        if kept != [wanted]:
            yield f"{_name(signal)} of {signal.order} must be {wanted}, but is stored as {kept}"
    yield from (f"signal {rows} has no cause" for rows in found.values())


def every_signal_ends_as_it_must(run: Evidence) -> Iterator[str]:
    """Cleared by a later fact, withdrawn if a late fact disproves it; all others stand."""
    rows = {row["signal_id"]: row for row in _rows(run, "signals")}
    for signal in _signals(run):
        row = rows.get(signal.id)
        if row is not None and (row["ended"], row["ended_at"]) != (signal.ended, signal.ended_at):
            ends = f"{signal.ended} {signal.ended_at}"
            yield f"{_name(signal)} must be {ends}, but is {row['ended']} {row['ended_at']} by {row['ended_because']}"


def every_risk_is_one_episode(run: Evidence) -> Iterator[str]:
    """From its first signal until none stands; the next signal opens another. Accounts without an order have none."""
    found = Counter(row["episode_id"] for row in _rows(run, "episodes"))
    rows = {row["episode_id"]: row for row in _rows(run, "episodes")}
    for episode in _episodes(run):
        count = found.pop(episode.id, 0)
        row = rows.get(episode.id)
        if row is None or count != 1:
            yield f"episode {episode.id} of {episode.order} exists {count} times"
            continue
        wanted = (episode.account, episode.order, episode.follows, episode.closed_at)
        is_so = (row["account_id"], row["order_id"], row["follows"], row["closed_at"])
        if wanted != is_so:
            yield f"episode {episode.id} must be {wanted}, but is {is_so}"
    yield from (f"episode {id} of {rows[id]['order_id']} has no cause" for id in found)


def every_ring_is_one_alert(run: Evidence) -> Iterator[str]:
    """Each alert has its signal, cause and number, and there are no others. One that waits for its seller is raised in
    the end."""
    found = defaultdict[object, list[Row]](list)
    for row in _rows(run, "alerts"):
        found[row["episode_id"], row["ring"]].append(row)
    for episode, ring in _rings(run):
        rows = found.pop((ring.episode, ring.number), [])
        wanted = (derived("alert", ring.episode, ring.number), episode.account, ring.signal, ring.cause)
        made = [(row["alert_id"], row["account_id"], row["signal_id"], row["cause"]) for row in rows]
        if made != [wanted]:
            yield f"alert {ring.number} of {episode.order} must be {wanted}, but is {made}"
    yield from (f"alert {rows} has no cause" for rows in found.values())
    for episode in _episodes(run):
        waits = [one for one in episode.seeking if one.rings]
        if waits and episode.closed_at is None and episode.taken_at is None:
            yield f"episode {episode.id} of {episode.order} waits forever for its alert: {waits}"


def every_alert_is_for_the_right_person(run: Evidence) -> Iterator[str]:
    """At the right step and for the right reason; and the episode has the right responsible person."""
    effects = expected_effects(run)
    yield from effects.desk.wrongs
    alerts = {(row["episode_id"], row["ring"]): row for row in _rows(run, "alerts")}
    for episode, ring in _rings(run):
        row = alerts.get((ring.episode, ring.number))
        wanted = (ring.rung.step, ring.rung.person, ring.rung.because)
        if row is not None and (row["step"], row["recipient"], row["because"]) != wanted:
            yield f"alert {row['alert_id']} of {episode.order} went to {row['recipient']} instead of {wanted}"
    rows = {row["episode_id"]: row for row in _rows(run, "episodes")}
    directory = Directory(run)
    for account in effects.accounts.values():
        for episode in account.episodes.all():
            row = rows.get(episode.id)
            unsure = not episode.rings and directory.comes_late(account.sales.sellers[episode.order])
            if row is not None and row["responsible"] != episode.responsible and not unsure:
                yield f"episode {episode.id} is {row['responsible']}'s instead of {episode.responsible}'s"


def everything_is_as_grave_as_it_must_be(run: Evidence) -> Iterator[str]:
    """An episode's severity follows from its signals, the amount and the policy; an alert has that of its moment."""
    alerts = {(row["episode_id"], row["ring"]): row for row in _rows(run, "alerts")}
    rows = {row["episode_id"]: row for row in _rows(run, "episodes")}
    for _, ring in _rings(run):
        row = alerts.get((ring.episode, ring.number))
        if row is not None and row["severity"] != ring.severity:
            yield f"alert {row['alert_id']} is {row['severity']} instead of {ring.severity}"
    for episode in _episodes(run):
        row = rows.get(episode.id)
        if row is not None and row["severity"] != episode.severity:
            yield f"episode {episode.id} of {episode.order} is {row['severity']} instead of {episode.severity}"


def an_episode_stands_as_taken_where_it_was(run: Evidence) -> Iterator[str]:
    """By whom, with how many attempts, and whether they reached the customer; until the next alert."""
    rows = {row["episode_id"]: row for row in _rows(run, "episodes")}
    for episode in _episodes(run):
        row = rows.get(episode.id)
        wanted = (episode.taken_at, episode.taken_by, episode.attempts, episode.reached)
        if row is None:
            continue
        stands = (row["acknowledged_at"], row["acknowledged_by"], row["attempts"], row["reached_at"] is not None)
        if stands != wanted:
            yield f"episode {episode.id} of {episode.order} stands as {stands} instead of {wanted}"


def every_clock_is_set(run: Evidence) -> Iterator[str]:
    """For a response or for reaching the customer, as the policy says; and a timer is set for it."""
    rows = {row["episode_id"]: row for row in _rows(run, "episodes")}
    timers = [row for row in run.rows("escalation", "shared.timers") if row["type"].endswith(".episode_due")]
    bodies = [row["body"].decode() for row in timers]
    for episode in _episodes(run):
        row = rows.get(episode.id)
        if row is None:
            continue
        wanted = (episode.deadline_at, episode.deadline_for, episode.exhausted_at is not None)
        is_set = (row["deadline_at"], row["deadline_for"], row["exhausted_at"] is not None)
        if is_set != wanted:
            yield f"the deadline of {episode.id} of {episode.order} is {is_set} instead of {wanted}"
        set_timers = sum(str(episode.id) in body for body in bodies)
        if set_timers != (episode.deadline_at is not None):
            yield f"episode {episode.id} of {episode.order} has {set_timers} timers, but its deadline is {wanted}"


def every_silence_is_waited_for(run: Evidence) -> Iterator[str]:
    """Each silence that would become a signal has a timer."""
    timers = Counter(
        (row["subject"], row["body"].decode())
        for row in run.rows("escalation", "shared.timers")
        if row["type"].endswith(".silence_ended")
    )
    for account in _accounts(run):
        for one in account.findings():
            known = account.signals.get(one.id)
            raised = known is not None and known.ended != "withdrawn"
            expected = one.expected and one.stands(account.episodes.now)
            expected = expected and (not raised or (one.passes is not None and known is not None and not known.ended))
            about = (f'"kind":"{one.kind}"', _json(one.cause.case), _json(one.cause.order))
            if expected and not any(
                subject == account.id and all(part in body for part in about) for subject, body in timers
            ):
                yield f"{one.kind} of {account.id} about {one.cause.case} {one.cause.order} has no timer"


def every_step_is_explained(run: Evidence) -> Iterator[str]:
    """Each signal and its end, each alert and each closing has exactly one decision."""
    wanted = Counter(expected_effects(run).desk.decided)
    found = Counter(
        (row["rule"], row["episode_id"], None if row["rule"] == "closed" else row["signal_id"])
        for row in _rows(run, "decisions")
        if row["rule"] in ("signal", "rang", "cleared", "withdrawn", "closed")
    )
    for step in wanted.keys() | found.keys():
        if wanted[step] != found[step]:
            yield f"{step} has {found[step]} decisions instead of {wanted[step]}"


def orders_and_cases_are_known_as_reported(run: Evidence) -> Iterator[str]:
    """Each order's account, seller and time of sale; each case's order; each account's owner."""
    accounts = _accounts(run)
    orders = {
        (account.id, id, account.sales.seller(id), sold_at(order))
        for account in accounts
        for id, order in account.sales.orders.items()
    }
    kept = {(row["account_id"], row["order_id"], row["sold_by"], row["sold_at"]) for row in _rows(run, "orders")}
    yield from (f"order {order} is stored, but was not reported" for order in kept - orders)
    yield from (f"order {order} is missing" for order in orders - kept)
    cases = {(account.id, case, order) for account in accounts for case, order in account.case_orders.items()}
    known = {(row["account_id"], row["case_id"], row["order_id"]) for row in _rows(run, "cases")}
    yield from (f"case {case} is stored, but was not reported" for case in known - cases)
    yield from (f"case {case} is missing" for case in cases - known)
    owners = {(account.id, account.sales.owner[1]) for account in accounts if account.sales.owner}
    moved = {(row["account_id"], row["assigned_to"]) for row in _rows(run, "accounts") if row["assigned_to"]}
    yield from (f"account {account} has another owner than reported" for account in owners ^ moved)


def _json(id: str | None) -> str:
    return "null" if id is None else f'"{id}"'


def _accounts(run: Evidence) -> list[Account]:
    effects: Effects = expected_effects(run)
    return list(effects.accounts.values())


def _episodes(run: Evidence) -> list[Episode]:
    return [episode for account in _accounts(run) for episode in account.episodes.all()]


def _rings(run: Evidence) -> list[tuple[Episode, Ring]]:
    return [(episode, ring) for episode in _episodes(run) for ring in episode.rings]


def _signals(run: Evidence) -> list[Signal]:
    return [signal for account in _accounts(run) for signal in account.signals.values()]


def _name(signal: Signal) -> str:
    return f"{signal.kind} of {signal.account} at {signal.at.isoformat()}"


def _rows(run: Evidence, table: str) -> list[Row]:
    return [row for row in run.rows("escalation", f"escalation.{table}") if run.walks(row["account_id"])]
