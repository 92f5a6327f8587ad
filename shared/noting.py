"""What is to be put right although a process works: how the service is set up, and what a topic lost."""

from shared.database import Pool
from shared.logs import get_logger
from shared.messaging import deleted_unread, recreated
from shared.messaging.cluster import Cluster
from shared.metrics import Metrics
from shared.service import Health, Service

log = get_logger(__name__)


async def note(pool: Pool, service: Service, cluster: Cluster, *, metrics: Metrics, health: Health) -> None:
    """Log a note when it is first found, and keep all notes for the health check."""
    async with pool.acquire() as connection:
        notes = await service.notes(connection) if service.notes is not None else []
        lost = await recreated.unsettled(connection)
        deleted = await deleted_unread.unsettled(connection)
    recreated.show(metrics, lost)
    deleted_unread.show(metrics, deleted)
    notes += [recreated.sentence(one, cluster, service.name) for one in lost]
    notes += [deleted_unread.sentence(one, cluster, service.name) for one in deleted]
    for each in notes:
        if each not in health.notes:
            log.warning(each)
    health.notes[:] = notes
