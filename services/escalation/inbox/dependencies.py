"""The inbox's dependencies: the database, the policy, the function for button presses, and one for sign-in links."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from services.escalation.domain.duty_buttons import DutyButton
from services.escalation.domain.own_facts import EpisodeButton
from services.escalation.domain.policy.versions import Policies
from services.escalation.store.sessions import Person
from shared.database import Pool
from shared.ids import AccountId
from shared.metrics import Metrics


class Press(Protocol):
    """Press a button of an account's episode or duty. Raises shared.transaction.Refused."""

    def __call__(
        self, button: EpisodeButton | DutyButton, account: AccountId, round: str | None = None
    ) -> Awaitable[object]: ...


SendSignInLink: TypeAlias = Callable[[Person, str], Awaitable[object]]
ReadPolicies: TypeAlias = Callable[[], Awaitable[Policies]]


@dataclass(frozen=True, slots=True)
class InboxDependencies:
    """`press` may be called twice for one button. `public_url` is where browsers find this service: links in
    e-mails start with it, and with https the session's cookie is sent over nothing else."""

    pool: Pool
    policies: ReadPolicies
    press: Press
    send_sign_in_link: SendSignInLink
    public_url: str
    metrics: Metrics
    poll_seconds: float = 0.5
