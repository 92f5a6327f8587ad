"""Damage to accounts judged only by their final state, and to the accounts that must not wait for a hot one."""

from dataclasses import replace

from tests.faults.checker.evidence import Evidence
from tests.faults.damages.registry import breaking, quiet_signal, rows

_DAY_SECONDS = 86_400.0


@breaking("each_fact_judged_in_the_end_is_remembered_once")
def a_fact_of_a_hot_account_is_forgotten(run: Evidence) -> None:
    account = _judged_in_the_end(run)
    facts = rows(run, "facts")
    facts.remove(next(row for row in facts if row["account_id"] == account))


@breaking("what_stands_in_the_end_is_what_all_facts_say")
def a_signal_of_a_hot_account_is_lost(run: Evidence) -> None:
    signal = quiet_signal(run)
    _judged_in_the_end(run)
    rows(run, "signals").remove(signal)


@breaking("nobody_waits_for_a_hot_account")
def somebody_waited_for_a_hot_account(run: Evidence) -> None:
    run.world = {**run.world, "hot": "c-hot", "others_within": _DAY_SECONDS}
    records = run.topics["support.cases.v1"]
    records[0] = replace(records[0], written_at=records[0].written_at - 2 * _DAY_SECONDS)


def _judged_in_the_end(run: Evidence) -> str:
    """Have an account with a signal judged only by its final state. Returns the account."""
    account = str(quiet_signal(run)["account_id"])
    run.world = {**run.world, "judged_in_the_end": [account, *run.world["closed"]]}
    run.computed.clear()
    return account
