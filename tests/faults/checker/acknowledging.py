"""Every accepted press of *Acknowledge* is journaled, and no e-mail of an earlier alert is sent after it."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.faults.checker.evidence import Evidence, Row, payload
from tests.faults.checker.expecting import quieted

_PRESSED = "escalation.button.acknowledge_pressed"
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_RACE = timedelta(seconds=5)
_FREEZE_SECONDS = 20.0
"""The longest that a process may be frozen between claiming an e-mail and recording the time of the claim."""


def accepted_presses_are_journaled(run: Evidence) -> Iterator[str]:
    """A press between a backup and its restore must be repeated if the episode belongs to the same person again."""
    journaled = defaultdict[tuple[str, str], list[datetime]](list)
    for row in _presses(run):
        journaled[payload(row)["episode"], payload(row)["by"]].append(row["decided_at"])
    there = _could_be_pressed_again(run)
    for line in run.accepted:
        if line["what"] != "button":
            continue
        rung_at = _last_ring(run, line)
        if any(at >= rung_at for at in journaled[line["episode"], line["by"]]):
            continue
        forgotten = any(restore.covers(line["at"]) for restore in run.restores_of("escalation"))
        if not (forgotten and (line["episode"], line["by"]) not in there):
            yield f"{line['by']} acknowledged episode {line['episode']} of {line['account']}, but it is not journaled"


def no_mail_begins_after_somebody_took_the_episode(run: Evidence) -> Iterator[str]:
    """Unless a later alert follows the acknowledgement, or the episode becomes one for information.

    Not judged if the services' clocks jumped.
    """
    if run.world.get("clock_jumps"):
        return
    alerts = {row["alert_id"]: row for row in run.rows("escalation", "escalation.alerts")}
    deliveries = {row["delivery_id"]: alerts.get(row["alert_id"]) for row in _deliveries(run)}
    taken, patience = _taken(run), timedelta(seconds=run.world.get("freeze_seconds", _FREEZE_SECONDS))
    for attempt, row in run.attempts():
        alert = deliveries.get(UUID(attempt["delivery"]))
        if alert is None:
            continue
        for taken_at, until in taken[str(alert["episode_id"])]:
            if alert["raised_at"] < taken_at and taken_at + patience < row["at"] < until:
                yield f"attempt {attempt['attempt']} of {attempt['delivery']} began {row['at']}, after {taken_at}"


def taken_episodes_have_nothing_to_send(run: Evidence) -> Iterator[str]:
    """Deliveries of an acknowledged or closed episode are sent or cancelled."""
    taken = {
        row["episode_id"]
        for row in run.rows("escalation", "escalation.episodes")
        if row["acknowledged_at"] is not None or row["closed_at"] is not None
    }
    episodes = {row["alert_id"]: row["episode_id"] for row in run.rows("escalation", "escalation.alerts")}
    for row in _deliveries(run):
        if episodes.get(row["alert_id"]) in taken and row["state"] in ("pending", "held", "unknown"):
            yield f"delivery {row['delivery_id']} is {row['state']}, but its episode is over or acknowledged"


def _could_be_pressed_again(run: Evidence) -> set[tuple[str, str]]:
    """Pairs of episode and last recipient, as of the moment when presses lost by a restore were repeated."""
    again_at = max((line["at"] for line in run.accepted if line["what"] == "pressed again"), default=0.0)
    last = dict[str, Row]()
    for row in sorted(run.rows("escalation", "escalation.alerts"), key=lambda row: row["ring"]):
        if run.world.get("clock_jumps") or row["raised_at"].timestamp() < again_at:
            last[str(row["episode_id"])] = row
    over = {str(row["episode_id"]) for row in run.rows("escalation", "escalation.episodes") if row["closed_at"]}
    return {(episode, row["recipient"]) for episode, row in last.items() if episode not in over}


def _last_ring(run: Evidence, press: Row) -> datetime:
    """When the alert that a press answered was raised. A press for an earlier alert is a different press."""
    if run.world.get("clock_jumps"):
        return _LONG_AGO
    before = datetime.fromtimestamp(press["at"], UTC) - _RACE
    alerts = run.rows("escalation", "escalation.alerts")
    rings = [row["raised_at"] for row in alerts if str(row["episode_id"]) == press["episode"]]
    return max((ring for ring in rings if ring <= before), default=_LONG_AGO)


def _taken(run: Evidence) -> dict[str, list[tuple[datetime, datetime]]]:
    """By episode, the spans in which it was acknowledged or closed."""
    rings = defaultdict[str, list[datetime]](list)
    for row in run.rows("escalation", "escalation.alerts"):
        rings[str(row["episode_id"])].append(row["raised_at"])
    spans = defaultdict[str, list[tuple[datetime, datetime]]](list)
    for row in _presses(run):
        episode, at = payload(row)["episode"], row["decided_at"]
        again = [end for end in (*rings[episode], *quieted(run, UUID(episode))) if end >= at]
        spans[episode].append((at, min(again, default=run.databases["escalation"].now)))
    for row in run.rows("escalation", "escalation.episodes"):
        if row["closed_at"] is not None:
            spans[str(row["episode_id"])].append((row["closed_at"], run.databases["escalation"].now))
    return spans


def _presses(run: Evidence) -> list[Row]:
    return [row for row in run.databases["escalation"].journal("button") if row["type"] == _PRESSED]


def _deliveries(run: Evidence) -> list[Row]:
    return run.rows("escalation", "escalation.deliveries")
