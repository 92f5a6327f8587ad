"""The open save windows that escalation publishes, kept by each service that agents ask. Start at `keep_rescues`."""

from collections.abc import Iterable

from shared.contracts.envelope import Envelope, Fact
from shared.contracts.escalation import SaveWindowClosed, SaveWindowOpened
from shared.database import Connection, bulk_upsert
from shared.tables import Rescue

_SAVE = bulk_upsert(Rescue)
_DROP = "delete from shared.rescues where episode_id = any($1::uuid[])"


async def keep_rescues(connection: Connection, events: Iterable[Envelope[Fact]]) -> None:
    """Keep the windows that a batch opens or changes, and drop those that it closes. The last event of each counts."""
    last = {
        event.data.episode: event for event in events if isinstance(event.data, SaveWindowOpened | SaveWindowClosed)
    }
    opened = [_row(event.subject, event.data) for event in last.values() if isinstance(event.data, SaveWindowOpened)]
    closed = [episode for episode, event in last.items() if isinstance(event.data, SaveWindowClosed)]
    await _SAVE.run(connection, opened)
    if closed:
        await connection.execute(_DROP, closed)


def _row(account: str, fact: SaveWindowOpened) -> tuple[object, ...]:
    about = (fact.episode, account, fact.order, fact.case)
    return (*about, fact.who, fact.name, fact.acknowledged, fact.until, fact.zone, fact.call_at, fact.reached_at)
