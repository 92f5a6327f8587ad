"""Whether the sales desk is somebody: else what nobody answers ends with nobody."""

from shared.database import Connection

_ACTIVE = "select active from escalation.salespeople where salesperson_id = $1"


async def desk_notes(connection: Connection, desk: str) -> list[str]:
    """What operators have to put right, if the desk is nobody who can be asked."""
    active = await connection.fetchval(_ACTIVE, desk)
    if active:
        return []
    why = "whom the directory does not know" if active is None else "who has left"
    return [
        f"the sales desk is nobody: DESK names {desk!r}, {why}. Where nobody else can be asked, nobody is. "
        "Tell of this person, or name another."
    ]
