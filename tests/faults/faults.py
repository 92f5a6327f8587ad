"""The faults by name: each does something to a world and leaves it in a state from which everything can recover."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import asyncpg

from deploy.local.push_store import Behaviour
from tests.faults.calm import move_clock
from tests.faults.hot_account import HOT
from tests.faults.kafka_faults import recreate_a_topic, take_the_right_of_a_group
from tests.faults.mail_server import Mood
from tests.faults.processes import Worker
from tests.faults.publishing_history import HistoryPublisher
from tests.faults.world import SESSION_MS, World, connected
from tests.postgres_proxy import Cut

Fault = Callable[[World, HistoryPublisher], Awaitable[None]]

PAST_LEASE_SECONDS = 13.0
"""The database session of a frozen relay leader is ended after ten seconds of silence."""
_HOUR = timedelta(hours=1)
_END_SESSIONS = """
    select pg_terminate_backend(pid) from pg_stat_activity where usename = any($1::text[]) and pid <> pg_backend_pid()
"""

_GIVE_UP = f"""
    create function public.give_up() returns trigger language plpgsql as
        $$ begin raise exception 'it takes too long' using errcode = 'query_canceled'; end $$;
    create trigger give_up before insert or update on escalation.account_versions
        for each row when (new.account_id = '{HOT}') execute function public.give_up();
"""
_GO_ON = "drop trigger give_up on escalation.account_versions; drop function public.give_up()"


async def freeze_a_process(world: World, _: HistoryPublisher) -> None:
    """Longer than the consumer's session: another process takes its partitions, and it wakes up as a zombie."""
    await _freeze(world, world.worker("escalation"), SESSION_MS / 1000 + world.random.uniform(0.5, 2))


async def freeze_a_relay_leader(world: World, _: HistoryPublisher) -> None:
    """One of a service's two relays leads; its standby must take over."""
    await _freeze(world, world.worker("escalation"), PAST_LEASE_SECONDS)


async def block_an_event_loop(world: World, _: HistoryPublisher) -> None:
    """The loop is blocked for longer than the consumer's session."""
    world.worker().block_event_loop()
    await asyncio.sleep(1)


async def restart_everything_in_turn(world: World, _: HistoryPublisher) -> None:
    """As in a deployment: one process after the other is asked to end and is started again."""
    for worker in list(world.workers):
        await worker.restart()


async def let_a_member_come_and_go(world: World, _: HistoryPublisher) -> None:
    """One more process, without a slot. Its group rebalances when it joins, and when it leaves or dies."""
    member = world.new_worker("escalation", "--role", "consume")
    await member.start()
    await asyncio.sleep(world.random.uniform(0.5, 3))
    if world.random.random() < 0.5:
        await member.stop()
    else:
        member.stopping = True
        member.kill()


async def crash_postgres(world: World, _: HistoryPublisher) -> None:
    """Immediate shutdown without a checkpoint: the next start recovers."""
    await world.postgres.stop_at_once()
    await asyncio.sleep(world.random.uniform(0, 2))
    await world.postgres.start()


async def pause_postgres(world: World, _: HistoryPublisher) -> None:
    """No query is answered, and no connection is broken."""
    pids = _family(world.postgres.pid)
    _signal(pids, signal.SIGSTOP)
    await asyncio.sleep(world.random.uniform(2, 6))
    _signal(pids, signal.SIGCONT)


async def end_all_sessions(world: World, _: HistoryPublisher) -> None:
    """Every backend of every service is terminated, at any point of its work."""
    connection = await asyncpg.connect(world.postgres.url)
    try:
        await connection.execute(_END_SESSIONS, list(world.urls))
    finally:
        await connection.close()


async def lose_answers_to_commit(world: World, _: HistoryPublisher) -> None:
    await _cut_commits(world, Cut.AFTER_COMMIT)


async def cut_before_commit(world: World, _: HistoryPublisher) -> None:
    await _cut_commits(world, Cut.BEFORE_COMMIT)


async def delay_commits(world: World, _: HistoryPublisher) -> None:
    """Transactions commit in another order than they began."""
    for wire in world.wires.values():
        wire.longest_delay_seconds = 0.3
    await asyncio.sleep(3)
    for wire in world.wires.values():
        wire.longest_delay_seconds = 0


async def restore_a_database(world: World, publisher: HistoryPublisher) -> None:
    """Restore a database to its state of a few seconds ago; HTTP calls and presses since then are repeated."""
    service = world.random.choice(sorted(world.urls))
    backup_at = time.time()
    copy = await world.databases.keep(world.urls[service])
    await asyncio.sleep(world.random.uniform(2, 4))
    await world.databases.put_back(copy)
    world.restored(service=service, backup_at=backup_at, restored_at=time.time())
    publisher.publish_again_over_http(service, since=backup_at)


async def kill_a_broker(world: World, _: HistoryPublisher) -> None:
    node = world.random.choice(world.brokers.nodes)
    await node.kill()
    await asyncio.sleep(world.random.uniform(0, 2))
    await node.start()


async def cut_after_produce(world: World, _: HistoryPublisher) -> None:
    """The broker has the records, but the producer gets no answer."""
    wire = world.brokers.wire
    assert wire is not None
    wire.cuts += 3
    await asyncio.sleep(1)


async def have_slow_mail(world: World, _: HistoryPublisher) -> None:
    await _mail(world, Mood.SLOW)


async def have_mail_put_off(world: World, _: HistoryPublisher) -> None:
    await _mail(world, Mood.PUTS_OFF)


async def have_mail_cut_off(world: World, _: HistoryPublisher) -> None:
    """The mail server has the message, but the sender gets no answer."""
    await _mail(world, Mood.CUTS_OFF)


async def have_slow_push(world: World, _: HistoryPublisher) -> None:
    await _push(world, Behaviour.SLOW)


async def have_push_deferred(world: World, _: HistoryPublisher) -> None:
    await _push(world, Behaviour.UNAVAILABLE)


async def have_push_busy(world: World, _: HistoryPublisher) -> None:
    """It asks for a pause of a second."""
    await _push(world, Behaviour.BUSY)


async def have_push_refused(world: World, _: HistoryPublisher) -> None:
    await _push(world, Behaviour.REFUSE)


async def have_push_cut_off(world: World, _: HistoryPublisher) -> None:
    """The push service accepts the message, but its answer never arrives."""
    await _push(world, Behaviour.CUT)


async def lose_a_browser(world: World, _: HistoryPublisher) -> None:
    """Its push service knows it no more; a while later its owner turns on notifications in another."""
    person = world.push.lose_a_browser(world.random.randrange(100))
    await asyncio.sleep(world.random.uniform(1, 3))
    async with connected(world, "escalation") as connection:
        await world.push.give_devices(connection, [person])


async def let_clocks_disagree(world: World, _: HistoryPublisher) -> None:
    """One service's clock is an hour ahead or behind for a while."""
    service, by = world.random.choice(sorted(world.urls)), world.random.choice((-_HOUR, _HOUR))
    await move_clock(world, service, by)
    await asyncio.sleep(world.random.uniform(2, 6))
    await move_clock(world, service, -by)


async def have_an_account_take_too_long(world: World, _: HistoryPublisher) -> None:
    """The hot account's transactions fail as if they ran too long, so the account is set aside.
    Then it gets time to recover."""
    async with connected(world, "escalation") as connection:
        await connection.execute(_GIVE_UP)
    await asyncio.sleep(world.random.uniform(2, 4))
    async with connected(world, "escalation") as connection:
        world.tally["records set aside"] += await connection.fetchval("select count(*) from shared.set_aside")
        await connection.execute(_GO_ON)
    await asyncio.sleep(world.random.uniform(4, 8))


FAULTS: Mapping[str, Fault] = {
    "process frozen past its session": freeze_a_process,
    "relay leader frozen past its lease": freeze_a_relay_leader,
    "event loop blocked": block_an_event_loop,
    "rolling restart": restart_everything_in_turn,
    "member joins and leaves": let_a_member_come_and_go,
    "Postgres crash": crash_postgres,
    "Postgres paused": pause_postgres,
    "all backends killed": end_all_sessions,
    "answer to COMMIT lost": lose_answers_to_commit,
    "connection cut before COMMIT": cut_before_commit,
    "commits delayed": delay_commits,
    "database restored": restore_a_database,
    "broker kill -9": kill_a_broker,
    "connection cut after produce": cut_after_produce,
    "topic recreated": recreate_a_topic,
    "no right to read as a group": take_the_right_of_a_group,
    "account takes too long": have_an_account_take_too_long,
    "mail slow": have_slow_mail,
    "mail refused for now": have_mail_put_off,
    "mail cut after accepting": have_mail_cut_off,
    "push slow": have_slow_push,
    "push deferred": have_push_deferred,
    "push busy": have_push_busy,
    "push refused": have_push_refused,
    "push cut after accepting": have_push_cut_off,
    "browser gone": lose_a_browser,
    "clocks an hour apart": let_clocks_disagree,
}


async def _freeze(world: World, worker: Worker, seconds: float) -> None:
    frozen = worker.pid
    worker.freeze()
    await asyncio.sleep(seconds)
    if worker.pid == frozen:
        worker.thaw()


async def _cut_commits(world: World, when: Cut) -> None:
    wire = world.wires[world.random.choice(sorted(world.wires))]
    wire.when = when
    wire.cuts += 3
    await asyncio.sleep(1)


async def _mail(world: World, mood: Mood) -> None:
    world.mail.mood = mood
    await asyncio.sleep(world.random.uniform(2, 4))
    world.mail.mood = Mood.ACCEPTS


async def _push(world: World, behaviour: Behaviour) -> None:
    world.push.behave(behaviour)
    await asyncio.sleep(world.random.uniform(2, 4))
    world.push.behave(Behaviour.ACCEPT)


def _family(pid: int | None) -> list[int]:
    """A process and its children. The parent is stopped first, so that it cannot create more."""
    if pid is None:
        return []
    os.kill(pid, signal.SIGSTOP)
    children = [
        int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit() and _parent(folder) == pid
    ]
    return [pid, *children]


def _parent(process: Path) -> int | None:
    with suppress(OSError):
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    return None


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
