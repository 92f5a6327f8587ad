"""The definition of a damage, and functions that find rows and records to damage. The damages are
in the modules beside it.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias
from uuid import UUID

from tests.faults.checker.evidence import Evidence, Record, Row
from tests.faults.checker.expecting import expected_effects

Spoil: TypeAlias = Callable[[Evidence], None]


@dataclass(frozen=True)
class Damage:
    spoil: Spoil
    breaks: frozenset[str]

    @property
    def name(self) -> str:
        return self.spoil.__name__


DAMAGES: list[Damage] = []


def breaking(*promises: str) -> Callable[[Spoil], Spoil]:
    """Register a damage that breaks exactly these promises."""

    def register(spoil: Spoil) -> Spoil:
        DAMAGES.append(Damage(spoil, frozenset(promises)))
        return spoil

    return register


def spoilt(run: Evidence, damage: Damage) -> Evidence:
    """A copy of the evidence with this damage. Rows of accounts judged only by their final state come last in it."""
    run.computed.clear()
    worse = copy.deepcopy(run)
    for table in chain.from_iterable(database.tables.values() for database in worse.databases.values()):
        table.sort(key=lambda row: not worse.walks(row.get("account_id", "")))
    damage.spoil(worse)
    return worse


def rows(run: Evidence, table: str) -> list[Row]:
    return run.rows("escalation", f"escalation.{table}")


def one(rows: list[Row], **having: Any) -> Row:
    """The first row with these values."""
    return next(row for row in rows if all(row[name] == value for name, value in having.items()))


def facts(run: Evidence, service: str) -> list[Row]:
    """The outbox's rows in order, without dead letters."""
    rows = sorted(run.rows(service, "shared.outbox"), key=lambda row: int(row["id"]))
    return [row for row in rows if "dead-letters" not in row["topic"]]


def two_of_a_key(rows: list[Row], key: str = "key") -> tuple[Row, Row]:
    """Two consecutive rows of the same account (and topic, if rows have one)."""
    before: dict[object, Row] = {}
    for row in rows:
        if row[key] in before and before[row[key]]["topic"] == row["topic"] if "topic" in row else row[key] in before:
            return before[row[key]], row
        before[row[key]] = row
    raise LookupError("no account has two rows")


def signals(records: list[Record]) -> list[Record]:
    kinds = ("support.contact_dead_ended", "support.refund_requested", "support.cancellation_requested")
    return sorted((one for one in records if one.type in kinds), key=lambda one: (one.key, one.offset))


def quiet_signal(run: Evidence) -> Row:
    """A signal of an episode that stands and raised no alert."""
    signals = [one for account in expected_effects(run).accounts.values() for one in account.signals.values()]
    quiet = {one.id for one in signals if not one.rang and one.ended is None and one.names is None}
    return next(row for row in rows(run, "signals") if row["signal_id"] in quiet and row["episode_id"] is not None)


def an_open_episode(run: Evidence) -> Row:
    """An open episode with a deadline."""
    return next(row for row in rows(run, "episodes") if row["closed_at"] is None and row["deadline_at"] is not None)


def order_of(run: Evidence, episode: UUID) -> object:
    return one(rows(run, "episodes"), episode_id=episode)["order_id"]


def sent_mail(run: Evidence, **having: Any) -> Row:
    """The only message of an alert with these values, in an open episode without acknowledgement. Its recipient is
    active, and in the directory from the start."""
    left = {row["salesperson_id"] for row in rows(run, "salespeople") if not row["active"]}
    taken = {line["episode"] for line in run.accepted if line["what"] == "button"}
    over = {row["episode_id"] for row in rows(run, "episodes") if row["closed_at"] is not None}
    alerts = [
        row
        for row in walked_rows(run, "alerts")
        if str(row["episode_id"]) not in taken and having.items() <= row.items()
    ]
    stays = [row for row in alerts if row["recipient"] not in {"m-top", *left}]
    known = {row["alert_id"] for row in stays if row["episode_id"] not in over}
    return next(row for row in mailed_alone(run) if row["alert_id"] in known and row["list_id"] is None)


def walked_rows(run: Evidence, table: str) -> list[Row]:
    """The rows of accounts that are replayed fact by fact: of others fewer promises are judged."""
    return [row for row in rows(run, table) if run.walks(row["account_id"])]


def mailed_alone(run: Evidence) -> list[Row]:
    """E-mails of alerts that no device was notified of, of accounts that are replayed fact by fact."""
    walked = {row["alert_id"] for row in walked_rows(run, "alerts")}
    notified = {row["alert_id"] for row in rows(run, "deliveries") if row["channel"] == "push"}
    emails = [row for row in rows(run, "deliveries") if (row["channel"], row["state"]) == ("email", "sent")]
    return [row for row in emails if row["alert_id"] in walked - notified]


def mails_of_alerts(run: Evidence) -> list[Row]:
    """The messages that the mail server got, without notices."""
    notices = [str(row["notice_id"]) for row in rows(run, "notices")]
    return [mail for mail in run.mail if not any(id in mail["message_id"] for id in notices)]


def sent_alone(run: Evidence) -> list[Row]:
    """E-mails not sent in a list."""
    emails = [row for row in rows(run, "deliveries") if (row["channel"], row["state"]) == ("email", "sent")]
    return [row for row in emails if row["list_id"] is None]


def a_list(run: Evidence) -> tuple[Row, list[Row]]:
    """The e-mail of a list, and its deliveries."""
    emails = [row for row in rows(run, "deliveries") if row["channel"] == "email" and row["state"] == "sent"]
    first = next(row for row in emails if row["list_id"] is not None)
    mail = next(mail for mail in run.mail if str(first["list_id"]) in mail["message_id"])
    return mail, [row for row in emails if row["list_id"] == first["list_id"]]
