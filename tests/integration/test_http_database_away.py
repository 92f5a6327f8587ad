"""While the database is away every answer is a 503 that asks to try again, and a repeated event counts once."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest

from shared.http.request_body import Limits
from tests.ingress import Ingress, event, ingress_over
from tests.servers import PrivatePostgres

_STUCK_SECONDS = 12
"""Longer than the wait for any commit here, shorter than a statement's time."""


@pytest.fixture
async def ingress(private_postgres: PrivatePostgres) -> AsyncIterator[Ingress]:
    url = await private_postgres.databases.make("orders")
    async with ingress_over(url, limits=Limits(commit_seconds=2)) as made:
        yield made


async def test_a_stopped_database_is_a_503_until_it_is_back(
    ingress: Ingress, private_postgres: PrivatePostgres
) -> None:
    await ingress.send(event("e-0"))
    await private_postgres.server.stop_at_once()
    for _ in range(3):
        answer = await ingress.send(event("e-1"))
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert answer.json()["errors"][0]["code"] == "database_unavailable"
    await private_postgres.server.start()
    answer = await ingress.send(event("e-1"))
    assert (answer.status_code, answer.json()["events"][0]["outcome"]) == (200, "applied")
    assert await ingress.journaled() == ["e-0", "e-1"]


async def test_connections_cut_by_the_server_cause_no_errors(ingress: Ingress) -> None:
    await asyncio.gather(*(ingress.send(event(f"w-{number}")) for number in range(8)))
    await ingress.pool.fetch(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where datname = current_database() and pid <> pg_backend_pid()"
    )
    answers = [await ingress.send(event(f"e-{number}")) for number in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]


async def test_a_frozen_database_is_a_503_in_bounded_time_and_leaves_nothing_stuck(
    ingress: Ingress, private_postgres: PrivatePostgres
) -> None:
    await ingress.send(event("e-0"))
    frozen = [row["pid"] for row in await ingress.pool.fetch("select pid from pg_stat_activity")]
    assert private_postgres.server.pid is not None
    frozen.append(private_postgres.server.pid)
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(_STUCK_SECONDS):
            answers = await asyncio.gather(*(ingress.send(event(f"f-{number}")) for number in range(12)))
    finally:
        for pid in reversed(frozen):
            os.kill(pid, signal.SIGCONT)
    assert {answer.status_code for answer in answers} == {503}
    async with asyncio.timeout(20):
        while (await ingress.send(*(event(f"f-{number}") for number in range(12)))).status_code != 200:
            pass
    journaled = await ingress.journaled()
    assert sorted(journaled) == sorted({"e-0", *(f"f-{number}" for number in range(12))})
