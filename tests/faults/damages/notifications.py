"""Damage to notifications on devices, and to the e-mails that wait for a response to them."""

from uuid import UUID, uuid4

from tests.faults.checker.evidence import Evidence, Row
from tests.faults.damages.registry import breaking, one, rows


@breaking("every_notification_sent_was_taken_in")
def a_notification_is_lost(run: Evidence) -> None:
    lost = run.pushed[0]
    run.pushed = [row for row in run.pushed if _shown(row) != _shown(lost)]


@breaking("no_notification_comes_twice_without_a_doubt")
def a_notification_comes_twice(run: Evidence) -> None:
    run.pushed.append(next(row for row in run.pushed if row["content"]["kind"] == "alert"))


@breaking("every_notification_is_of_an_alert", "no_notification_comes_twice_without_a_doubt")
def a_notification_is_of_no_alert(run: Evidence) -> None:
    shown = run.pushed[0]
    run.pushed.append(shown | {"content": shown["content"] | {"tag": str(uuid4())}})


@breaking("a_notification_goes_to_people_with_a_device")
def nobody_had_the_device(run: Evidence) -> None:
    rows(run, "push_devices").clear()


@breaking("a_notification_goes_to_people_with_a_device")
def a_device_was_not_notified(run: Evidence) -> None:
    notified = {row["recipient"] for row in rows(run, "deliveries") if row["channel"] == "push"}
    other = next(row["recipient"] for row in rows(run, "alerts") if row["recipient"] not in notified)
    device = one(rows(run, "push_devices"), ended_at=None)
    rows(run, "push_devices").append(device | {"device_id": uuid4(), "salesperson_id": other})


@breaking("mail_waits_for_a_response_on_a_device")
def a_mail_does_not_wait(run: Evidence) -> None:
    notified = {row["alert_id"]: row for row in rows(run, "deliveries") if row["channel"] == "push"}
    alerts = {row["alert_id"]: row for row in rows(run, "alerts") if row["severity"] == "high"}
    mails = {
        row["delivery_id"]: alerts[row["alert_id"]]
        for row in rows(run, "deliveries")
        if row["channel"] == "email" and row["alert_id"] in notified.keys() & alerts.keys()
    }
    for attempt, row in run.attempts():
        if attempt["attempt"] == 1 and UUID(attempt["delivery"]) in mails:
            row["at"] = mails[UUID(attempt["delivery"])]["raised_at"]
            return
    raise AssertionError("no mail waited")


def _shown(row: Row) -> tuple[str, str]:
    return row["person"], row["content"]["tag"]
