"""Replays escalation's journal and computes every effect that it must have had. Start at `expected_effects`."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.faults.checker.evidence import CannotJudge, Evidence, Reported, Row, payload
from tests.faults.checker.recipients import Directory
from tests.faults.checker.rescuing import Desk, sought_of
from tests.faults.checker.walking import Account


@dataclass(slots=True)
class Effects:
    """Every account known to escalation, and all events and decisions that must exist."""

    accounts: dict[str, Account]
    desk: Desk


def expected_effects(run: Evidence) -> Effects:
    """Computed once for each piece of evidence. Raises CannotJudge if the journal refers to something that does not
    exist."""
    if "effects" not in run.computed:
        run.computed["effects"] = _effects(run)
    effects: Effects = run.computed["effects"]
    return effects


def quieted(run: Evidence, episode: UUID) -> list[datetime]:
    """When only signals for information were left of an episode: an acknowledgement is over then."""
    accounts = expected_effects(run).accounts.values()
    return [at for account in accounts for one in account.episodes.all() if one.id == episode for at in one.quieted]


def _effects(run: Evidence) -> Effects:
    alerts = {(row["episode_id"], row["ring"]): row for row in run.rows("escalation", "escalation.alerts")}
    timers = [*run.databases["escalation"].journal("timer"), *run.rows("escalation", "shared.timers")]
    looks = Counter(sought_of(row) for row in timers if row["type"].endswith(".recipient_sought"))
    effects = Effects({}, Desk(run.world["policy"], Directory(run), alerts, looks))
    reported = run.reported()
    for row in run.databases["escalation"].journal("record", "timer", "button"):
        if not run.walks(row["subject"]):
            continue
        account = effects.accounts.setdefault(row["subject"], Account(row["subject"], effects.desk))
        account.episodes.now = row["decided_at"]
        try:
            _take(account, row, reported)
        except KeyError as error:
            raise CannotJudge(
                f"journal row {row['position']} ({row['type']}) refers to something that does not exist: {error}"
            ) from None
    return effects


def _take(account: Account, row: Row, reported: dict[datetime, Reported]) -> None:
    if row["kind"] == "record":
        account.receive(reported[row["at"]], row)
        return
    said: Any = payload(row)
    episode = account.episodes.named(UUID(said["episode"])) if "episode" in said else None
    match row["type"].rpartition(".")[2]:
        case "order_wait_ended":
            account.stop_waiting(UUID(said["signal"]))
        case "silence_ended":
            account.silence_ended(said["kind"], said.get("case"), said.get("order"), row["at"])
        case "recipient_sought":
            account.episodes.look_again(episode, sought_of(row))
        case "episode_due":
            account.episodes.time_is_up(episode)
        case "person_changed":
            account.episodes.person_changed(said["person"])
        case "acknowledge_pressed":
            account.episodes.take(episode, said["by"], said.get("ahead", 0))
