"""Accounts with very many facts, in seconds: an event that was applied is copied with all its consequences."""

from uuid import uuid4

from shared.database import Pool
from shared.ids import derived

_SOURCE = "select source, event_id from shared.journal where type = $1 order by position desc limit 1"
_COPIES = """
    with copies as materialized (
        select nth, id, fact_id as copied_fact, signal_id as copied_signal
        from unnest($3::text[], $4::uuid[], $5::uuid[]) with ordinality as known (id, fact_id, signal_id, nth)
    ), events as (
        insert into shared.journal (
            source, event_id, kind, type, subject, at, decided_at, digest, traceparent, body, rules_version)
        select first.source, id, first.kind, first.type, first.subject, first.at - nth * interval '1 minute',
               first.decided_at, first.digest, first.traceparent, first.body, first.rules_version
        from shared.journal first, copies where first.source = $1 and first.event_id = $2
    ), facts as (
        insert into escalation.facts
        select made.* from escalation.facts first, copies, jsonb_populate_record(first, jsonb_build_object(
            'fact_id', copied_fact, 'at', first.at - nth * interval '1 minute')) made
        where first.fact_id = $6
    ), signals as (
        insert into escalation.signals
        select made.* from escalation.signals first, copies, jsonb_populate_record(first, jsonb_build_object(
            'signal_id', copied_signal, 'fact_id', copied_fact, 'at', first.at - nth * interval '1 minute')) made
        where first.fact_id = $6
    )
    insert into escalation.decisions (
        decision_id, account_id, at, rule, words, policy_version, episode_id, signal_id, who, policy_path, cause_type,
        cause_source, cause_id, rules_version)
    select gen_random_uuid(), d.account_id, d.at, d.rule, d.words, d.policy_version, d.episode_id, copied_signal,
           d.who, d.policy_path, d.cause_type, d.cause_source, id, d.rules_version
    from escalation.decisions d, copies where d.cause_source = $1 and d.cause_id = $2 and d.signal_id is not null
"""
_COUNT_AGAIN = "analyze shared.journal, escalation.facts, escalation.signals, escalation.decisions"


async def copy_latest(pool: Pool, kind: str, times: int) -> None:
    """Copy the latest event of this type, each copy a minute earlier than the one before; its facts, its signals and
    the decisions about these are copied too."""
    row = await pool.fetchrow(_SOURCE, kind)
    assert row is not None
    source, event = row["source"], row["event_id"]
    ids = [f"{event}-{number}" for number in range(times)]
    facts = [derived("fact", source, id, "") for id in ids]
    signals = [uuid4() for _ in ids]
    await pool.execute(_COPIES, source, event, ids, facts, signals, derived("fact", source, event, ""))
    await pool.execute(_COUNT_AGAIN)
