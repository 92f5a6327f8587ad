"""Every promise that a run is judged by, and the verdict on all of them. Start at `CHECKS`."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, TypeAlias

from tests.faults.checker import (
    acknowledging,
    closing,
    conservation,
    delivering,
    effects,
    ending_up,
    mailing,
    notifying,
    publishing,
    resting,
)
from tests.faults.checker.evidence import CannotJudge, Evidence

Check: TypeAlias = Callable[[Evidence], Iterator[str]]

SHOWN = 20
CHECKS: Sequence[Check] = (
    conservation.the_whole_history_was_reported,
    conservation.every_offset_is_once_in_its_ledger,
    conservation.every_event_is_applied_once,
    conservation.bad_records_end_as_dead_letters,
    conservation.accepted_calls_are_journaled,
    publishing.what_is_in_an_outbox_is_on_its_topic,
    publishing.nothing_is_on_a_topic_that_no_outbox_knows,
    publishing.topics_have_each_account_in_the_outbox_order,
    publishing.facts_are_published_as_they_were_taken,
    publishing.facts_are_published_as_they_were_reported,
    publishing.each_account_is_taken_in_its_topic_order,
    publishing.each_account_is_published_in_its_topic_order,
    effects.every_fact_is_remembered_once,
    effects.every_signal_is_kept_with_its_order,
    effects.every_signal_ends_as_it_must,
    effects.every_risk_is_one_episode,
    effects.every_ring_is_one_alert,
    effects.every_alert_is_for_the_right_person,
    effects.everything_is_as_grave_as_it_must_be,
    effects.an_episode_stands_as_taken_where_it_was,
    effects.every_clock_is_set,
    effects.every_silence_is_waited_for,
    effects.every_step_is_explained,
    effects.orders_and_cases_are_known_as_reported,
    ending_up.each_fact_judged_in_the_end_is_remembered_once,
    ending_up.what_stands_in_the_end_is_what_all_facts_say,
    ending_up.nobody_waits_for_a_hot_account,
    delivering.every_alert_has_its_deliveries,
    delivering.every_delivery_has_ended,
    delivering.every_notice_has_ended,
    mailing.every_mail_sent_was_taken_in,
    mailing.no_mail_comes_twice_without_a_doubt,
    mailing.every_notice_sent_was_taken_in,
    mailing.every_mail_is_of_an_alert,
    mailing.no_storm_reaches_anybody,
    notifying.a_notification_goes_to_people_with_a_device,
    notifying.mail_waits_for_a_response_on_a_device,
    notifying.every_notification_sent_was_taken_in,
    notifying.no_notification_comes_twice_without_a_doubt,
    notifying.every_notification_is_of_an_alert,
    delivering.every_alert_is_published,
    delivering.what_becomes_of_episodes_is_published,
    resting.no_signal_waits_for_an_order_that_is_there,
    resting.no_fact_waits_for_what_is_there,
    resting.no_timer_is_due,
    resting.no_outbox_row_is_unpublished,
    resting.no_session_is_in_the_way,
    resting.positions_agree,
    acknowledging.accepted_presses_are_journaled,
    acknowledging.no_mail_begins_after_somebody_took_the_episode,
    acknowledging.taken_episodes_have_nothing_to_send,
    closing.accepted_closes_are_journaled,
    closing.every_result_is_what_the_facts_say,
)

AT_REST: Sequence[Check] = (
    resting.positions_agree,
    resting.no_outbox_row_is_unpublished,
    resting.no_timer_is_due,
    delivering.every_delivery_has_ended,
    delivering.every_notice_has_ended,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """The result for one promise: the first violations and their number, or why it cannot be judged."""

    promise: str
    violations: int
    shown: Sequence[str]
    unjudged: str | None = None

    def __str__(self) -> str:
        name = self.promise.replace("_", " ")
        if self.unjudged is not None:
            return f"?     {name}: {self.unjudged}"
        if not self.violations:
            return f"kept  {name}"
        return "\n      ".join([f"BROKEN {name}: {self.violations}", *self.shown])


def at_rest(run: Evidence) -> bool:
    """Whether all work is finished. Before that the other promises may not hold yet."""
    return not any(violation for check in AT_REST for violation in check(run))


def at_rest_but_for_lists(run: Evidence) -> bool:
    """Whether the only unfinished work is deliveries held until a storm's window ends."""
    if [check for check in AT_REST if any(check(run))] != [delivering.every_delivery_has_ended]:
        return False
    waiting = [row for row in run.rows("escalation", "escalation.deliveries") if not delivering.has_ended(row)]
    return all(row["state"] == "held" and row["try_at"] > run.databases["escalation"].now for row in waiting)


def judge(run: Evidence) -> list[Finding]:
    run.computed.clear()
    return [_finding(check, run) for check in CHECKS]


def verdict(findings: Sequence[Finding]) -> Literal["pass", "violated", "cannot judge"]:
    """A violation decides the verdict, even if other promises could not be judged."""
    if any(finding.violations for finding in findings):
        return "violated"
    return "cannot judge" if any(finding.unjudged for finding in findings) else "pass"


def counted(run: Evidence) -> dict[str, int]:
    """How much there was to judge, and how often the outcome of an attempt was unknown."""
    inbound = [record for topic in ("orders.inbound.v1", "support.inbound.v1") for record in run.topics[topic]]
    deliveries = run.rows("escalation", "escalation.deliveries")
    mailed = [row for row in deliveries if row["channel"] == "email"]
    mails = [row["message_id"] for row in run.mail]
    results = [row["state"] for row in run.rows("escalation", "escalation.results")]
    outcomes = [row["outcome"] for service in run.databases for row in run.rows(service, "shared.ledger")]
    return {
        "events": len(run.history),
        "inbound_records": len(inbound),
        "http_accepted": sum(row["what"] == "http" for row in run.accepted),
        "presses": sum(row["what"] == "button" for row in run.accepted),
        "applied": outcomes.count("applied"),
        "duplicates": outcomes.count("duplicate"),
        "dead_letters": outcomes.count("dead_lettered"),
        "signals": len(run.rows("escalation", "escalation.signals")),
        "signals_ended": sum(row["ended"] is not None for row in run.rows("escalation", "escalation.signals")),
        "episodes_closed": sum(row["closed_at"] is not None for row in run.rows("escalation", "escalation.episodes")),
        "results": len(results),
        "saves_proven": results.count("proven"),
        "saves_relapsed": results.count("relapsed"),
        "episodes": len(run.rows("escalation", "escalation.episodes")),
        "alerts": len(run.rows("escalation", "escalation.alerts")),
        "mails": len(mails),
        "lists": len({row["list_id"] for row in mailed if row["list_id"] and row["state"] == "sent"}),
        "notifications": sum(row["content"]["kind"] != "over" for row in run.pushed),
        "mails_again": len(mails) - len(set(mails)),
        "attempts_in_doubt": sum(row["unknown_count"] for row in deliveries),
        "restores": len(run.restores),
    }


def report(run: Evidence, findings: Sequence[Finding]) -> dict[str, Any]:
    """The verdict in the form of its JSON."""
    return {
        "verdict": verdict(findings),
        "seed": run.world.get("seed"),
        "counted": counted(run),
        "broken": {
            one.promise: {"violations": one.violations, "shown": one.shown} for one in findings if one.violations
        },
        "unjudged": {one.promise: one.unjudged for one in findings if one.unjudged is not None},
        "kept": [one.promise for one in findings if not one.violations and one.unjudged is None],
    }


def _finding(check: Check, run: Evidence) -> Finding:
    name = check.__name__
    try:
        violations = check(run)
        shown = list(islice(violations, SHOWN))
        return Finding(name, len(shown) + sum(1 for _ in violations), shown)
    except CannotJudge as reason:
        return Finding(name, 0, (), str(reason))
