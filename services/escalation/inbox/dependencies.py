"""What the inbox is given: the database, the one decision it can cause, and a way to send sign-in links."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from services.escalation.store.sessions import Person
from shared.database import Pool
from shared.ids import AccountId, EpisodeId, SalespersonId

Acknowledge: TypeAlias = Callable[[EpisodeId, AccountId, SalespersonId], Awaitable[object]]
SendSignInLink: TypeAlias = Callable[[Person, str], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class InboxDependencies:
    """`acknowledge` may be called twice for one episode. `public_url` is where browsers find this service: links in
    e-mails start with it, and with https the session's cookie is sent over nothing else."""

    pool: Pool
    acknowledge: Acknowledge
    send_sign_in_link: SendSignInLink
    public_url: str
    poll_seconds: float = 0.5
