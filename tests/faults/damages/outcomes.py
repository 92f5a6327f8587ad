"""Damage to sent or waiting items: deliveries, e-mails, presses, timers, positions."""

from collections import Counter
from datetime import timedelta
from uuid import UUID, uuid4

from tests.faults.checker.evidence import Evidence, payload
from tests.faults.damages.registry import (
    a_list,
    breaking,
    mailed_alone,
    mails_of_alerts,
    one,
    rows,
    sent_alone,
    sent_mail,
)


@breaking("every_mail_sent_was_taken_in")
def a_mail_is_lost(run: Evidence) -> None:
    run.mail.remove(mails_of_alerts(run)[-1])


@breaking("every_mail_sent_was_taken_in")
def a_mail_goes_to_somebody_else(run: Evidence) -> None:
    mails_of_alerts(run)[0]["to"] = "stranger@sales.example"


@breaking("no_mail_comes_twice_without_a_doubt")
def a_mail_comes_twice(run: Evidence) -> None:
    run.mail.append(dict(mails_of_alerts(run)[0]))


@breaking("every_mail_sent_was_taken_in")
def a_list_is_lost(run: Evidence) -> None:
    run.mail.remove(a_list(run)[0])


@breaking("every_mail_sent_was_taken_in")
def a_delivery_was_in_no_list_that_came(run: Evidence) -> None:
    """The delivery counts as sent in a list that does not exist, so its alert was lost."""
    a_list(run)[1][0]["list_id"] = uuid4()


@breaking("every_alert_has_its_deliveries", "every_alert_is_published")
def what_rang_last_was_dropped_as_too_late(run: Evidence) -> None:
    last = {row["episode_id"]: row["alert_id"] for row in sorted(rows(run, "alerts"), key=lambda row: row["ring"])}
    next(row for row in mailed_alone(run) if row["alert_id"] in last.values())["state"] = "expired"


@breaking("no_mail_comes_twice_without_a_doubt")
def a_list_comes_twice(run: Evidence) -> None:
    run.mail.append(dict(a_list(run)[0]))


@breaking("no_mail_comes_twice_without_a_doubt")
def an_alert_comes_in_a_list_and_alone(run: Evidence) -> None:
    mail, deliveries = a_list(run)
    run.mail.append(mail | {"message_id": f"<{deliveries[0]['delivery_id']}@handoff.example>"})


@breaking("every_mail_is_of_an_alert")
def a_list_is_of_no_alert(run: Evidence) -> None:
    mail, _ = a_list(run)
    run.mail.append(mail | {"message_id": f"<{uuid4()}@handoff.example>"})


@breaking("no_storm_reaches_anybody")
def more_mails_reach_somebody_than_the_policy_allows(run: Evidence) -> None:
    """As if all were sent at the same instant."""
    ((person, _),) = Counter(row["recipient"] for row in sent_alone(run) if row["attempts"] == 1).most_common(1)
    theirs = {str(row["delivery_id"]) for row in sent_alone(run) if row["recipient"] == person}
    for attempt, row in run.attempts():
        if attempt["delivery"] in theirs:
            row["at"] = run.databases["escalation"].now


@breaking("every_mail_is_of_an_alert")
def a_mail_is_of_no_alert(run: Evidence) -> None:
    run.mail.append(run.mail[0] | {"message_id": f"<{uuid4()}@handoff.example>"})


@breaking("every_alert_has_its_deliveries", "every_mail_is_of_an_alert", "every_alert_is_published")
def a_delivery_is_lost(run: Evidence) -> None:
    rows(run, "deliveries").remove(sent_mail(run))


@breaking("every_delivery_has_ended", "every_alert_is_published")
def a_delivery_is_in_doubt_for_ever(run: Evidence) -> None:
    sent_mail(run)["state"] = "unknown"


@breaking("every_alert_has_its_deliveries", "every_alert_is_published")
def a_delivery_in_doubt_was_dropped(run: Evidence) -> None:
    sent_mail(run)["state"] = "failed"


@breaking("every_alert_has_its_deliveries", "every_alert_is_published")
def a_delivery_is_cancelled_though_nobody_took_the_episode(run: Evidence) -> None:
    sent_mail(run)["state"] = "cancelled"


@breaking("no_fact_waits_for_what_is_there")
def a_fact_waits_for_ever(run: Evidence) -> None:
    order = run.rows("orders", "orders.orders")[0]["order_id"]
    fact = {"awaits": f"order:{order}", "type": "orders.inbound.order_confirmed", "subject": "c-0"}
    run.rows("orders", "shared.waiting_facts").append(fact)


@breaking("no_timer_is_due")
def a_timer_is_forgotten(run: Evidence) -> None:
    database = run.databases["escalation"]
    due = database.now - timedelta(minutes=1)
    timer = {"type": "made up", "subject": "c-0", "due_at": due, "made_of_silence": False}
    database.tables["shared.timers"].append(timer)


@breaking("no_outbox_row_is_unpublished")
def an_outbox_row_is_not_marked(run: Evidence) -> None:
    run.rows("support", "shared.outbox")[0]["published_at"] = None


@breaking("no_session_is_in_the_way")
def a_session_is_idle_in_its_transaction(run: Evidence) -> None:
    run.databases["orders"].hindrances.append("session 1 is idle in transaction")


@breaking("positions_agree")
def kafka_holds_more_than_is_applied(run: Evidence) -> None:
    place = next(iter(run.committed["support"]))
    run.committed["support"][place] = 10**6


@breaking("positions_agree")
def a_partition_is_not_applied_to_its_end(run: Evidence) -> None:
    offsets = run.rows("escalation", "shared.offsets")
    row = max(offsets, key=lambda row: int(row["next_offset"]))
    row["next_offset"] -= 1
    run.committed["escalation"].clear()


@breaking("accepted_presses_are_journaled")
def a_press_is_lost(run: Evidence) -> None:
    press = {"what": "button", "episode": str(uuid4()), "account": "c-0", "by": "s-anna", "at": 0}
    run.accepted.append(press)


@breaking("accepted_presses_are_journaled")
def a_press_after_another_ring_is_lost(run: Evidence) -> None:
    press = next(line for line in run.accepted if line["what"] == "button")
    alert = next(row for row in rows(run, "alerts") if str(row["episode_id"]) == press["episode"])
    alert["raised_at"] += timedelta(hours=10)
    run.accepted.append(press | {"at": press["at"] + 11 * 3600})


@breaking("no_mail_begins_after_somebody_took_the_episode")
def a_mail_begins_after_somebody_took_the_episode(run: Evidence) -> None:
    journal = run.databases["escalation"]
    presses = {UUID(payload(row)["episode"]): row["decided_at"] for row in journal.journal("button")}
    quiet = {row["episode_id"] for row in rows(run, "episodes") if row["acknowledged_at"] is not None}
    alerts = {row["alert_id"]: row["episode_id"] for row in rows(run, "alerts")}
    deliveries = {str(row["delivery_id"]): alerts[row["alert_id"]] for row in rows(run, "deliveries")}
    for attempt, row in run.attempts():
        episode = deliveries[attempt["delivery"]]
        if episode in quiet and episode in presses:
            row["at"] = presses[episode] + timedelta(milliseconds=10)
            run.world = dict(run.world) | {"freeze_seconds": 0}
            return


@breaking("taken_episodes_have_nothing_to_send", "every_delivery_has_ended", "every_alert_is_published")
def a_taken_episode_has_a_mail_to_send(run: Evidence) -> None:
    taken = {row["episode_id"] for row in rows(run, "episodes") if row["acknowledged_at"] is not None}
    alerts = {row["alert_id"] for row in rows(run, "alerts") if row["episode_id"] in taken}
    next(row for row in mailed_alone(run) if row["alert_id"] in alerts)["state"] = "pending"


@breaking("every_result_is_what_the_facts_say")
def a_relapse_is_missed(run: Evidence) -> None:
    result = rows(run, "results")[0]
    result |= {"state": "proven" if result["state"] != "proven" else "provisional"}
    result |= dict.fromkeys(("because", "because_at", "because_id", "follow_up"))


@breaking("accepted_closes_are_journaled")
def a_close_is_lost(run: Evidence) -> None:
    journal = run.databases["escalation"].tables["shared.journal"]
    journal[:] = [row for row in journal if row["type"] != "escalation.button.close_pressed"]


@breaking("every_notice_has_ended")
def a_notice_is_never_sent(run: Evidence) -> None:
    one(rows(run, "notices"), state="sent")["state"] = "pending"


@breaking("every_notice_sent_was_taken_in")
def a_notice_is_sent_into_the_void(run: Evidence) -> None:
    notice = one(rows(run, "notices"), state="sent")
    run.mail[:] = [mail for mail in run.mail if str(notice["notice_id"]) not in mail["message_id"]]
