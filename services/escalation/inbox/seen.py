"""The episode that an address names, for a reader who may see it."""

from uuid import UUID

from starlette.requests import Request

from services.escalation.inbox.answers import NotYours
from services.escalation.store import inbox as store
from services.escalation.store.inbox import EpisodeRow
from services.escalation.store.sessions import SignedIn, manager_name
from shared.database import Pool


async def seen_episode(pool: Pool, request: Request, signed_in: SignedIn) -> EpisodeRow:
    """The episode of an address. Raises NotYours."""
    me = signed_in.salesperson_id
    try:
        id = UUID(request.path_params["episode_id"])
    except ValueError:
        row = None
    else:
        row = await store.one_episode(pool, me, id)
    if row is None:
        raise NotYours(signed_in.name, await manager_name(pool, me))
    return row
