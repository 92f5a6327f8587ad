"""The published versions of the policy. The first ships with the code, so rows begin with the second."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg

from services.escalation import tables
from services.escalation.domain.policy.document import read_published
from services.escalation.domain.policy.versions import Policies, PolicyVersion
from shared.database import Connection, bulk_insert

# What this very transaction wrote may still be rolled back.
_NEWER = """
    select version, since, document, published_by, summary,
           coalesce(xmin = pg_current_xact_id_if_assigned()::xid, false) as uncommitted
    from escalation.policies where version > $1 order by version
"""
_SAVE = bulk_insert(tables.Policy)


@dataclass(slots=True)
class KnownPolicies:
    """The versions that a process has loaded; it reads each only once."""

    _known: Policies = field(default_factory=Policies.shipped)

    async def current(self, connection: Connection) -> Policies:
        """All versions as the connection sees them now."""
        known = self._known
        rows = await connection.fetch(_NEWER, known.latest.version)
        if not rows:
            return known
        committed = known.followed_by([_version(row) for row in rows if not row["uncommitted"]])
        if committed.latest.version > self._known.latest.version:
            self._known = committed
        return committed.followed_by([_version(row) for row in rows if row["uncommitted"]])


async def load(connection: Connection) -> Policies:
    """All versions."""
    return await KnownPolicies().current(connection)


async def save(connection: Connection, versions: Sequence[PolicyVersion]) -> None:
    """Add versions."""
    rows = [(one.version, one.since, one.text, one.digest, one.published_by, one.summary) for one in versions]
    await _SAVE.run(connection, rows)


def _version(row: asyncpg.Record) -> PolicyVersion:
    text = row["document"]
    return PolicyVersion(row["version"], row["since"], read_published(text), text, row["published_by"], row["summary"])
