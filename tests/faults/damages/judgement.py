"""Damage to escalation's conclusions: signals, episodes, alerts, deadlines and decisions."""

from datetime import timedelta
from uuid import uuid4

from tests.faults.checker.evidence import Evidence, Row
from tests.faults.damages.registry import (
    an_open_episode,
    breaking,
    mailed_alone,
    one,
    quiet_signal,
    rows,
    sent_mail,
    walked_rows,
)


@breaking("every_signal_is_kept_with_its_order")
def a_signal_is_lost(run: Evidence) -> None:
    rows(run, "signals").remove(quiet_signal(run))


@breaking("every_signal_is_kept_with_its_order")
def a_signal_is_at_another_order(run: Evidence) -> None:
    signal = quiet_signal(run)
    others = [row["episode_id"] for row in rows(run, "episodes") if row["episode_id"] != signal["episode_id"]]
    signal["episode_id"] = others[0]


@breaking("every_signal_is_kept_with_its_order", "no_signal_waits_for_an_order_that_is_there")
def a_signal_waits_for_ever(run: Evidence) -> None:
    quiet_signal(run)["episode_id"] = None


@breaking("every_risk_is_one_episode")
def an_account_that_never_bought_has_an_episode(run: Evidence) -> None:
    episode = rows(run, "episodes")[0]
    rows(run, "episodes").append(episode | {"episode_id": uuid4(), "account_id": "c-nobody", "order_id": "none"})


@breaking("every_ring_is_one_alert", "every_alert_has_its_deliveries", "every_alert_is_published")
def a_signal_alerts_twice(run: Evidence) -> None:
    alert = _by_mail_alone(run)
    rows(run, "alerts").append(alert | {"alert_id": uuid4(), "sent_at": None})


@breaking("every_ring_is_one_alert", "every_alert_has_its_deliveries", "every_alert_is_published")
def a_signal_alerts_that_must_not_ring(run: Evidence) -> None:
    alert, signal = _by_mail_alone(run), quiet_signal(run)
    own = {"signal_id": signal["signal_id"], "episode_id": signal["episode_id"], "account_id": signal["account_id"]}
    rows(run, "alerts").append(alert | own | {"alert_id": uuid4(), "ring": 99, "sent_at": None})


def _by_mail_alone(run: Evidence) -> Row:
    """An alert whose copy breaks nothing about devices."""
    return one(rows(run, "alerts"), alert_id=mailed_alone(run)[0]["alert_id"])


@breaking("every_ring_is_one_alert", "every_alert_is_published", "every_mail_is_of_an_alert")
def an_alert_is_lost_with_its_deliveries(run: Evidence) -> None:
    email = sent_mail(run)
    alerts = rows(run, "alerts")
    alerts.remove(one(alerts, alert_id=email["alert_id"]))
    made = rows(run, "deliveries")
    made[:] = [row for row in made if row["alert_id"] != email["alert_id"]]


@breaking("every_alert_is_for_the_right_person", "every_mail_sent_was_taken_in")
def an_alert_is_for_somebody_else(run: Evidence) -> None:
    """Change a seller's alert: without the desk's first alert every repeat would be wrong too."""
    email = sent_mail(run, step="seller")
    one(rows(run, "alerts"), alert_id=email["alert_id"])["recipient"] = "m-top"


@breaking("every_alert_is_for_the_right_person", "every_mail_sent_was_taken_in")
def a_repeat_is_for_somebody_else(run: Evidence) -> None:
    """The cause stays `repeat`, and so does the deadline."""
    email = sent_mail(run, cause="repeat")
    one(rows(run, "alerts"), alert_id=email["alert_id"])["recipient"] = "m-top"


@breaking("every_alert_is_for_the_right_person")
def an_alert_has_the_wrong_reason(run: Evidence) -> None:
    walked_rows(run, "alerts")[0]["because"] = "seller_unknown"


@breaking("every_alert_is_for_the_right_person")
def an_episode_is_somebody_elses(run: Evidence) -> None:
    walked_rows(run, "episodes")[0]["responsible"] = "m-circle-a"


@breaking("an_episode_stands_as_taken_where_it_was")
def an_acknowledgement_is_forgotten(run: Evidence) -> None:
    taken = (row for row in walked_rows(run, "episodes") if row["acknowledged_at"] is not None)
    next(taken)["acknowledged_at"] = None


@breaking("orders_and_cases_are_known_as_reported")
def an_order_is_kept_with_another_seller(run: Evidence) -> None:
    rows(run, "orders")[0]["sold_by"] = "m-circle-a"


@breaking("orders_and_cases_are_known_as_reported")
def a_case_is_about_another_order(run: Evidence) -> None:
    rows(run, "cases")[0]["order_id"] = "another"


@breaking("orders_and_cases_are_known_as_reported")
def an_account_is_not_moved(run: Evidence) -> None:
    next(row for row in rows(run, "accounts") if row["assigned_to"])["assigned_to"] = None


@breaking("every_fact_is_remembered_once")
def a_fact_is_forgotten(run: Evidence) -> None:
    rows(run, "facts").pop(0)


@breaking("every_fact_is_remembered_once")
def a_fact_is_remembered_twice(run: Evidence) -> None:
    rows(run, "facts").append(dict(rows(run, "facts")[0]))


@breaking("every_signal_ends_as_it_must")
def a_signal_stands_that_was_cleared(run: Evidence) -> None:
    ended = (row for row in walked_rows(run, "signals") if row["ended"] == "cleared")
    next(row for row in ended if row["episode_id"] is not None).update(ended=None, ended_at=None)


@breaking("every_signal_ends_as_it_must")
def a_signal_was_withdrawn_and_is_called_cleared(run: Evidence) -> None:
    one(walked_rows(run, "signals"), ended="withdrawn")["ended"] = "cleared"


@breaking("every_signal_ends_as_it_must")
def a_signal_ends_that_must_stand(run: Evidence) -> None:
    signal = quiet_signal(run)
    signal.update(ended="cleared", ended_at=signal["at"], ended_because="nothing")


@breaking("every_risk_is_one_episode")
def an_episode_ends_later_than_its_last_signal(run: Evidence) -> None:
    next(row for row in walked_rows(run, "episodes") if row["closed_at"] is not None)["closed_at"] += timedelta(hours=1)


@breaking("every_risk_is_one_episode")
def an_episode_forgets_which_it_follows(run: Evidence) -> None:
    next(row for row in walked_rows(run, "episodes") if row["follows"] is not None)["follows"] = None


@breaking("every_ring_is_one_alert")
def an_alert_has_another_cause(run: Evidence) -> None:
    one(walked_rows(run, "alerts"), cause="severity")["cause"] = "contact"


@breaking("every_alert_is_for_the_right_person")
def an_alert_is_of_another_step(run: Evidence) -> None:
    one(walked_rows(run, "alerts"), step="upper_manager")["step"] = "manager"


@breaking("everything_is_as_grave_as_it_must_be")
def an_episode_is_not_grave_enough(run: Evidence) -> None:
    one(walked_rows(run, "episodes"), severity="critical")["severity"] = "high"


@breaking("everything_is_as_grave_as_it_must_be")
def an_alert_is_graver_than_its_episode_was(run: Evidence) -> None:
    one(walked_rows(run, "alerts"), severity="watch")["severity"] = "critical"


@breaking("every_clock_is_set")
def somebody_has_too_much_time(run: Evidence) -> None:
    an_open_episode(run)["deadline_at"] += timedelta(minutes=1)


@breaking("every_clock_is_set")
def a_clock_has_no_timer(run: Evidence) -> None:
    timers, id = run.rows("escalation", "shared.timers"), str(an_open_episode(run)["episode_id"])
    timers.remove(next(row for row in timers if "episode_due" in row["type"] and id in row["body"].decode()))


@breaking("every_silence_is_waited_for")
def nobody_waits_for_a_silence(run: Evidence) -> None:
    timers = run.rows("escalation", "shared.timers")
    timers[:] = [row for row in timers if "silence_ended" not in row["type"]]


@breaking("every_step_is_explained")
def nobody_knows_why_it_rang(run: Evidence) -> None:
    rows(run, "decisions").remove(one(rows(run, "decisions"), rule="rang"))


@breaking("every_step_is_explained")
def a_signal_is_explained_twice(run: Evidence) -> None:
    rows(run, "decisions").append(one(rows(run, "decisions"), rule="signal") | {"decision_id": uuid4()})


@breaking("what_becomes_of_episodes_is_published", "nothing_is_on_a_topic_that_no_outbox_knows")
def a_closing_is_not_published(run: Evidence) -> None:
    outbox = run.rows("escalation", "shared.outbox")
    outbox.remove(next(row for row in outbox if "episode_closed" in row["headers"] and run.walks(row["key"])))
