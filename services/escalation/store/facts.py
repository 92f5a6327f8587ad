"""What orders and support told of an account, read back from the journal."""

import asyncpg

from shared.contracts.catalog import CATALOG
from shared.contracts.envelope import Envelope, Fact, envelope

# Facts as our own services publish them: what publishers sent to those is in their journals, not in this one.
TOLD_TYPES = [name for name in CATALOG if name.startswith(("orders.", "support.")) and ".inbound." not in name]


def told_event(row: asyncpg.Record) -> Envelope[Fact]:
    """The event of a journal row that still has its body."""
    fact = CATALOG[row["type"]].model_validate_json(row["body"])
    return envelope(fact, id=row["event_id"], source=row["source"], subject=row["subject"], time=row["at"])
