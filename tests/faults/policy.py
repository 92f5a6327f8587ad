"""The policy of a world that is to be broken: times are short, so that silences end and ladders are climbed in every
round.

It applies from long ago, like the default policy: a result must not depend on when a round began.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import asyncpg

from services.escalation.domain.policy.document import shipped_text

SINCE = datetime(2000, 1, 1, tzinfo=UTC)
_STEPS = ("seller", "successor", "backup", "manager", "upper_manager", "desk")
_MINUTES = {"watch": 14, "high": 11, "critical": 7}
"""The time for each step of the ladder: always less than a jump of the clock."""
_CHANGES: Mapping[str, Any] = {
    "age.late_reports": "0m",
    "company.working_hours": [],
    "customers.callable_from": "00:00",
    "customers.callable_until": "23:59",
    "signals.contact_dead_ended.answer_within": "20m",
    "signals.contact_repeated.within": "50m",
    "signals.contact_repeated.same_conversation_within": "5m",
    "signals.case_stuck.no_progress_for": "45m",
    "signals.case_stuck.customers_turn_for": "90m",
    "signals.refund_requested.same_request_within": "30m",
    "signals.cancellation_requested.same_request_within": "30m",
    "signals.response_due.warn_before": "20m",  # more than a jump of the clock
    "signals.order_stalled.reached_within": "25m",
    "signals.order_stalled.no_progress_for": "52w",  # never reached: no order is that old
    "signals.gone_quiet.silent_for": "40m",
    "rises.large_amount.EUR": 1_500_000,
    **{f"ladder.{grave}.{step}": f"{span}m" for grave, span in _MINUTES.items() for step in _STEPS},
    "ladder.repeats.first": "5m",
    "ladder.repeats.longest": "10m",
    "ladder.repeats.times": 2,
    "storms.alerts": 10,
    "channels.email_after_push": {"watch": "2m", "high": "1m", "critical": "0m"},
    "acknowledgement.redeem_within": {"watch": "40m", "high": "30m", "critical": "20m"},
    "acknowledgement.call_takes": "3m",
    "acknowledgement.longest_queue": "7m",
    "acknowledgement.attempt_extends": "15m",
    "acknowledgement.attempts": 2,
    "results.saved.proven_after": "45m",
    "save_window.within": "35m",
}
_PUBLISH = """
    insert into escalation.policies (version, since, document, digest, published_by, summary)
    select max(version) + 1, $1, $2, $3, 'faults', 'Short times' from escalation.policies
"""
_UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}


def thresholds() -> dict[str, Any]:
    """The policy's values by name, as in its document."""
    values = tomllib.loads(shipped_text())
    for path, value in _CHANGES.items():
        *above, name = path.split(".")
        part = values
        for each in above:
            part = part[each]
        part[name] = value
    return values


def terms_in_seconds() -> dict[str, Any]:
    """The same for the checker, which reads no documents: every duration in seconds."""
    in_seconds: dict[str, Any] = _in_seconds(thresholds())
    return in_seconds


async def publish_policy(url: str) -> None:
    """Put the policy in force in escalation's database, connected as a superuser or as escalation."""
    document = "".join(f"{name} = {_toml(value)}\n" for name, value in thresholds().items())
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_PUBLISH, SINCE, document, hashlib.sha256(document.encode()).hexdigest())
    finally:
        await connection.close()


def _in_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _in_seconds(member) for name, member in value.items()}
    if isinstance(value, str) and value[:-1].isdigit() and value[-1] in _UNITS:
        return int(value[:-1]) * _UNITS[value[-1]]
    return value


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(name)} = {_toml(member)}' for name, member in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
