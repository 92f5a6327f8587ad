"""Adds versions of the policy. Separate from reading them, which needs no table models."""

from collections.abc import Sequence

from services.escalation import tables
from services.escalation.domain.policy.versions import PolicyVersion
from shared.database import Connection, bulk_insert

_SAVE = bulk_insert(tables.Policy)


async def save(connection: Connection, versions: Sequence[PolicyVersion]) -> None:
    """Add versions."""
    rows = [(one.version, one.since, one.text, one.digest, one.published_by, one.summary) for one in versions]
    await _SAVE.run(connection, rows)
