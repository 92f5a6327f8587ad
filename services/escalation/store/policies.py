"""The versions of the policy.

Version 1 is the policy that shipped when the database was created, or the policy that ships now if it has no row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg

from services.escalation.domain.policy.document import read_published
from services.escalation.domain.policy.versions import Policies, PolicyVersion
from shared.database import Connection

# The latest known version is read again, without its document, to detect a restored database. Rows of this transaction
# are marked, as they may be rolled back.
_FROM_LATEST = """
    select version, since, digest, case when version > $1 then document end as document, published_by, summary,
           coalesce(xmin = pg_current_xact_id_if_assigned()::xid, false) as uncommitted
    from escalation.policies where version >= $1 order by version
"""


@dataclass(slots=True)
class KnownPolicies:
    """The versions that a process has loaded; it reads each only once, unless the database went back to older ones."""

    _known: Policies = field(default_factory=Policies.shipped)

    async def current(self, connection: Connection) -> Policies:
        """All versions as the connection sees them now."""
        known = self._known
        rows = await connection.fetch(_FROM_LATEST, known.latest.version)
        if not _is_there(known.latest, rows):
            rows = await connection.fetch(_FROM_LATEST, 0)
            first = rows[0] if rows and rows[0]["version"] == 1 else None
            known = Policies.shipped() if first is None else Policies.beginning_with(first["document"])
        newer = [row for row in rows if row["version"] > known.latest.version]
        self._known = known.followed_by([_version(row) for row in newer if not row["uncommitted"]])
        return self._known.followed_by([_version(row) for row in newer if row["uncommitted"]])


async def load(connection: Connection) -> Policies:
    """All versions."""
    return await KnownPolicies().current(connection)


def _is_there(latest: PolicyVersion, rows: Sequence[asyncpg.Record]) -> bool:
    """Whether the database still has this version; the first may have no row."""
    if latest.version == 1:
        return not rows or rows[0]["version"] > 1 or rows[0]["digest"] == latest.digest
    return bool(rows) and (rows[0]["version"], rows[0]["since"], rows[0]["digest"]) == (
        latest.version,
        latest.since,
        latest.digest,
    )


def _version(row: asyncpg.Record) -> PolicyVersion:
    text = row["document"]
    return PolicyVersion(row["version"], row["since"], read_published(text), text, row["published_by"], row["summary"])
