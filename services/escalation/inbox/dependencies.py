"""The inbox's dependencies: the database, the policy, functions for button presses and sign-in links, notifications."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from services.escalation.domain.duty_buttons import DutyButton
from services.escalation.domain.own_facts import EpisodeButton
from services.escalation.domain.policy.versions import Policies
from services.escalation.store.devices import Subscription
from services.escalation.store.sessions import Person
from shared.database import Pool
from shared.ids import AccountId, SalespersonId
from shared.metrics import Metrics


class Press(Protocol):
    """Press a button of an account's episode or duty. Raises shared.transaction.Refused."""

    def __call__(
        self, button: EpisodeButton | DutyButton, account: AccountId, round: str | None = None
    ) -> Awaitable[object]: ...


SendSignInLink: TypeAlias = Callable[[Person, str], Awaitable[object]]
ReadPolicies: TypeAlias = Callable[[], Awaitable[Policies]]


@dataclass(frozen=True, slots=True)
class Tested:
    """The result of a test on one device, in words."""

    label: str
    result: str


@dataclass(frozen=True, slots=True)
class Notifications:
    """What a page needs for notifications on devices. Browsers subscribe with `public_key`.

    `check` raises ValueError with the reason if nothing can be sent to a subscription. `test` sends a test to a
    person's devices, and gets the time as their clock shows it.
    """

    public_key: str
    fingerprint: str
    check: Callable[[Subscription], None]
    test: Callable[[SalespersonId, str], Awaitable[Sequence[Tested]]]


@dataclass(frozen=True, slots=True)
class InboxDependencies:
    """`press` may be called twice for one button. `public_url` is where browsers find this service: links in
    e-mails start with it, and with https the session's cookie is sent over nothing else. `notifications` is None
    without a key for them."""

    pool: Pool
    policies: ReadPolicies
    press: Press
    send_sign_in_link: SendSignInLink
    public_url: str
    metrics: Metrics
    poll_seconds: float = 0.5
    notifications: Notifications | None = None

    @property
    def public_key(self) -> str:
        """The key that browsers subscribe with; empty if notifications are not set up."""
        return self.notifications.public_key if self.notifications else ""
