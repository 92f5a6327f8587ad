"""Checks that the sales desk can be notified; otherwise the ladder may end without a recipient."""

from shared.database import Connection

_ACTIVE = "select active from escalation.salespeople where salesperson_id = $1"


async def desk_notes(connection: Connection, desk: str) -> list[str]:
    """Notes for operators if the desk cannot be notified."""
    active = await connection.fetchval(_ACTIVE, desk)
    if active:
        return []
    why = "who is not in the directory" if active is None else "who has left"
    return [
        f"there is no sales desk: DESK names {desk!r}, {why}. Where no one else can be notified, no one is. "
        "Add this person to the directory, or name someone else."
    ]
