"""Every alert has its deliveries, all deliveries have ended, and every change of an episode is published."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from uuid import UUID

from tests.faults.checker.evidence import Evidence, Row, header, payload
from tests.faults.checker.expecting import expected_effects, quieted
from tests.faults.checker.recipients import Directory

_OF_EPISODES = (
    *("episode_raised", "episode_signalled", "severity_raised", "signal_cleared", "signal_withdrawn"),
    *("episode_acknowledged", "customer_reached", "acknowledgement_expired", "episode_exhausted", "episode_closed"),
    "episode_reopened",
)
_AT_REST = {"sent", "skipped", "cancelled", "failed", "expired"}


def every_alert_has_its_deliveries(run: Evidence) -> Iterator[str]:
    """One in the inbox and one by e-mail, and at most one on devices. The e-mail is skipped without an address, and
    cancelled only if no longer needed."""
    directory, by_alert = Directory(run), defaultdict[UUID, dict[str, Row]](dict)
    for row in _rows(run, "deliveries"):
        by_alert[row["alert_id"]][row["channel"]] = row
    for alert in _rows(run, "alerts"):
        made = by_alert.pop(alert["alert_id"], {})
        if sorted(made) not in (["email", "inbox"], ["email", "inbox", "push"]):
            yield f"alert {alert['alert_id']} has deliveries by {sorted(made)}"
            continue
        if made["inbox"]["state"] != "sent":
            yield f"alert {alert['alert_id']} is {made['inbox']['state']} in the inbox"
        if (made["email"]["state"] == "skipped") != (directory.address(alert["recipient"]) is None):
            yield f"the e-mail of alert {alert['alert_id']} to {alert['recipient']} is {made['email']['state']}"
        for channel in made.keys() - {"inbox"}:
            yield from _wrongs_of_message(run, alert, channel, made[channel]["state"])
    yield from (f"alert {alert} does not exist and has deliveries" for alert in by_alert)
    made_of = [row for row in _rows(run, "deliveries") if row["channel"] != "push"]
    if len(made_of) != 2 * len(_rows(run, "alerts")):
        yield f"{len(made_of)} deliveries of {len(_rows(run, 'alerts'))} alerts"


def has_ended(delivery: Row) -> bool:
    return delivery["state"] in _AT_REST


def every_delivery_has_ended(run: Evidence) -> Iterator[str]:
    """At rest no delivery is pending, sending, held or unknown."""
    for row in _rows(run, "deliveries"):
        if not has_ended(row):
            yield f"delivery {row['delivery_id']} is {row['state']} since {row['changed_at']}: {row['reason']}"


def every_notice_has_ended(run: Evidence) -> Iterator[str]:
    """At rest no notice, such as that a save is proven, is pending or sending."""
    for row in _rows(run, "notices"):
        if not has_ended(row):
            yield f"notice {row['notice_id']} is {row['state']} since {row['changed_at']}: {row['reason']}"


def every_alert_is_published(run: Evidence) -> Iterator[str]:
    """Each alert is published once, and so is the sending of each that was sent."""
    found = Counter[tuple[str, str]]()
    for row in run.rows("escalation", "shared.outbox"):
        kind = header(row, "ce_type")
        if kind in ("escalation.alert_raised", "escalation.alert_sent"):
            found[kind, str(payload(row, "payload")["alert"])] += 1
    alerts = _rows(run, "alerts")
    wanted = {("escalation.alert_raised", str(row["alert_id"])) for row in alerts}
    wanted |= {("escalation.alert_sent", str(row["alert_id"])) for row in alerts if row["sent_at"] is not None}
    for kind, alert in wanted | found.keys():
        if found[kind, alert] != ((kind, alert) in wanted):
            yield f"{kind} of alert {alert} is in the outbox {found[kind, alert]} times"
    messages = [row for row in _rows(run, "deliveries") if row["channel"] != "inbox"]
    sent = {row["alert_id"] for row in messages if row["state"] == "sent"}
    for row in alerts:
        if (row["sent_at"] is not None) != (row["alert_id"] in sent):
            yield f"alert {row['alert_id']} was sent at {row['sent_at']} according to its row, but not to its messages"


def what_becomes_of_episodes_is_published(run: Evidence) -> Iterator[str]:
    """Each signal and its end, each rise in severity, each acknowledgement with its outcome, and each closing, exactly
    once."""
    wanted = Counter(reported for reported in expected_effects(run).desk.published if reported[0] != "alert_raised")
    found = Counter[tuple[str, UUID, UUID | None]]()
    for row in run.rows("escalation", "shared.outbox"):
        kind = header(row, "ce_type").rpartition(".")[2]
        if kind in _OF_EPISODES and run.walks(row["key"]):
            said = payload(row, "payload")
            signal = said.get("signal")
            found[kind, UUID(said["episode"]), UUID(signal) if signal else None] += 1
    for reported in wanted.keys() | found.keys():
        if wanted[reported] != found[reported]:
            yield f"{reported} is in the outbox {found[reported]} times instead of {wanted[reported]}"


def _wrongs_of_message(run: Evidence, alert: Row, channel: str, state: str) -> Iterator[str]:
    """A device may be gone for good; then the e-mail is sent."""
    it = f"the {channel} of alert {alert['alert_id']}"
    if state == "cancelled" and run.walks(alert["account_id"]) and not _was_taken(run, alert):
        yield f"{it} is cancelled, but no one acknowledged or closed its episode"
    if state == "expired" and not _was_overtaken(run, alert):
        yield f"{it} is expired, but there is no later alert"
    if state == "failed" and channel == "email" and not run.world.get("mail_refuses_for_good"):
        yield f"{it} is {state}"


def _was_taken(run: Evidence, alert: Row) -> bool:
    """Whether the episode was acknowledged, closed or reduced to information after the alert, or its recipient has
    left."""
    if not expected_effects(run).desk.directory.works(alert["recipient"]):
        return True
    episodes = run.rows("escalation", "escalation.episodes")
    over = any(row["episode_id"] == alert["episode_id"] and row["closed_at"] is not None for row in episodes)
    return (
        over
        or _was_quieted(run, alert)
        or any(
            payload(row)["episode"] == str(alert["episode_id"])
            for row in run.databases["escalation"].journal("button")
            if run.world.get("clock_jumps") or row["decided_at"] >= alert["raised_at"]
        )
    )


def _was_quieted(run: Evidence, alert: Row) -> bool:
    jumps = run.world.get("clock_jumps")
    return any(jumps or at >= alert["raised_at"] for at in quieted(run, alert["episode_id"]))


def _was_overtaken(run: Evidence, alert: Row) -> bool:
    """Whether the episode had a later alert."""
    rings = [row["ring"] for row in _rows(run, "alerts") if row["episode_id"] == alert["episode_id"]]
    return bool(alert["ring"] < max(rings))


def _rows(run: Evidence, table: str) -> list[Row]:
    return run.rows("escalation", f"escalation.{table}")
