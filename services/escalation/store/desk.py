"""Whether the sales desk is somebody: else what nobody answers ends with nobody."""

from shared.database import Connection

_ACTIVE = "select active from escalation.salespeople where salesperson_id = $1"


async def desk_notes(connection: Connection, desk: str) -> list[str]:
    """What operators have to put right, if the desk is nobody who can be asked."""
    active = await connection.fetchval(_ACTIVE, desk)
    if active:
        return []
    why = "who is not in the directory" if active is None else "who has left"
    return [
        f"there is no sales desk: DESK names {desk!r}, {why}. Where no one else can be notified, no one is. "
        "Add this person to the directory, or name someone else."
    ]
