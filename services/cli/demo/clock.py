"""The services' clock, which a demo moves ahead as tests do: a story of hours takes seconds. It never goes back."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from deploy.local.machine import SERVICES
from shared.database import Pool, open_pool

_AHEAD = "select coalesce((select ahead from shared.clock), interval '0')"
_MOVE = """
    insert into shared.clock (single, ahead) values (true, $1)
    on conflict (single) do update set ahead = excluded.ahead
"""


@dataclass
class DemoClock:
    """The time of the services. It is the same for all, as all their databases are moved together."""

    pools: tuple[Pool, ...]
    ahead: timedelta = field(default=timedelta(0))

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def move(self, by: timedelta) -> None:
        """Move the clock ahead for all services. The change stays, even for the next run on the same data."""
        self.ahead += by
        for pool in self.pools:
            await pool.execute(_MOVE, self.ahead)


@asynccontextmanager
async def demo_clock(addresses: Mapping[str, str]) -> AsyncIterator[DemoClock]:
    """The clock of the databases at these addresses, as earlier runs left it."""
    urls = [addresses[f"{name.upper()}_DATABASE_URL"] for name in SERVICES]
    pools = tuple([await open_pool(url, name="handoff-demo-clock", max_connections=1) for url in urls])
    try:
        yield DemoClock(pools, max([await pool.fetchval(_AHEAD) for pool in pools]))
    finally:
        for pool in pools:
            pool.terminate()
