"""A process that cannot reach Kafka reports that after a bounded time, and stops reporting it once it can."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from unittest.mock import patch

import pytest

from deploy.local.ports import LOOPBACK, free_ports
from shared import silence
from shared.messaging import reach
from shared.messaging.reach import Reach
from tests.streams import Plumbing
from tests.waiting import eventually, until


@asynccontextmanager
async def frozen_server() -> AsyncIterator[str]:
    """Accepts connections and never answers, like a frozen broker."""
    silence = asyncio.Event()

    async def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silence.wait()
        writer.close()

    server = await asyncio.start_server(hold, LOOPBACK)
    try:
        yield "{}:{}".format(*server.sockets[0].getsockname())
    finally:
        silence.set()
        server.close()


@pytest.fixture
def impatient() -> Iterator[None]:
    with patch.object(reach, "_ASK_SECONDS", 0.3):
        yield


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("frozen", [False, True], ids=["nothing listens", "the broker is frozen"])
async def test_a_silent_kafka_is_reported_and_its_lag_is_unknown(plumbing: Plumbing, *, frozen: bool) -> None:
    plumbing.metrics.consumer.lag.labels(plumbing.topic, 0).set(0)
    async with frozen_server() as address:
        nobody = address if frozen else f"{LOOPBACK}:{free_ports(1)[0]}"
        watched = Reach(
            replace(plumbing.cluster, bootstrap_servers=nobody), plumbing.metrics, plumbing.pool, silent_seconds=0.5
        )
        with patch.object(silence, "log") as log:
            await watched.look()
            assert not watched.silent(), "one unanswered question proves nothing"
            (reason,) = await until(lambda: _looked(watched), bool)
            await watched.look()
        assert reason.startswith(f"Kafka at {nobody} has not responded since 20")
        assert [call.args[0] for call in log.warning.call_args_list] == ["a server does not respond"]
        assert plumbing.blocked() == {"kafka_unreachable"}
        lags = await plumbing.lag()
        assert lags.keys() == {0, 1}
        assert all(math.isnan(lag) for lag in lags.values())


@pytest.mark.usefixtures("impatient")
async def test_a_kafka_that_answers_again_is_no_longer_reported(plumbing: Plumbing) -> None:
    away = True

    async def ask() -> None:
        if away:
            raise TimeoutError

    watched = Reach(plumbing.cluster, plumbing.metrics, silent_seconds=0.0, ask=ask)
    await until(lambda: _looked(watched), bool)
    away = False
    await eventually(lambda: _looked(watched), [])
    assert plumbing.blocked() == set()


async def test_an_available_broker_answers(plumbing: Plumbing) -> None:
    watched = Reach(plumbing.cluster, plumbing.metrics, silent_seconds=0.0)
    for _ in range(3):
        await watched.look()
        assert not watched.silent()
    await watched.close()


async def _looked(watched: Reach) -> list[str]:
    await watched.look()
    return watched.silent()
