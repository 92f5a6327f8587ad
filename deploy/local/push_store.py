"""The files of the push receiver: subscriptions, which browsers would hold, and received messages. Start at PushStore.

A subscription is a file that any process can add; the receiver reads it anew with each message.
"""

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from deploy.local.files import closed_to_others, opened_for_owner
from deploy.local.push_keys import BrowserKeys
from deploy.local.stored_push import Message, keep, messages

_PATH = "/push/"
_ENDPOINT = re.compile(rf"{_PATH}(?P<id>[A-Za-z0-9_-]+)")


class Behaviour(StrEnum):
    """How the receiver answers a message for a subscription. All but the first are faults of real push services."""

    ACCEPT = "accept"
    SLOW = "slow"
    REFUSE = "refuse"
    BUSY = "busy"
    GONE = "gone"
    UNAVAILABLE = "unavailable"
    CUT = "cut"
    HANG = "hang"


@dataclass(frozen=True)
class Subscription:
    """What a browser keeps of a subscription. `sender` is the public key that alone may send, if the browser named one.

    `seconds` is how long a slow answer takes, or the pause that a busy service asks for.
    """

    id: str
    person: str
    keys: str = field(repr=False)
    sender: str | None = None
    behaviour: Behaviour = Behaviour.ACCEPT
    seconds: float = 2.0

    @property
    def browser(self) -> BrowserKeys:
        """The keys themselves."""
        return BrowserKeys.stored(self.keys)

    def shown(self, origin: str) -> dict[str, Any]:
        """As the browser gives it to a page (PushSubscription.toJSON)."""
        browser = self.browser
        return {
            "endpoint": f"{origin}{_PATH}{self.id}",
            "expirationTime": None,
            "keys": {"p256dh": browser.p256dh, "auth": browser.auth},
        }


class PushStore:
    """A folder with subscriptions and messages, for its owner alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def subscribe(self, person: str, *, sender: str | None = None) -> Subscription:
        """A new subscription, as if this person had allowed notifications in a browser."""
        made = Subscription(secrets.token_urlsafe(16), person, BrowserKeys.new().storable, sender)
        self._write(made)
        return made

    def behave(self, subscription: Subscription, behaviour: Behaviour, *, seconds: float = 2.0) -> Subscription:
        """Have the receiver answer so from now on."""
        changed = replace(subscription, behaviour=behaviour, seconds=seconds)
        self._write(changed)
        return changed

    def of_path(self, path: str) -> Subscription | None:
        """The subscription of an endpoint's path."""
        found = _ENDPOINT.fullmatch(path)
        if found is None:
            return None
        try:
            kept = json.loads((self._subscriptions / f"{found['id']}.json").read_text("utf-8"))
        except FileNotFoundError:
            return None
        return Subscription(**kept | {"behaviour": Behaviour(kept["behaviour"])})

    def keep(self, subscription: Subscription, content: bytes, headers: Mapping[str, str], *, answered: bool) -> None:
        """Keep a message before it is answered."""
        about = {"person": subscription.person, "subscription": subscription.id}
        keep(self._folder, content, headers=dict(headers), answered=answered, **about)

    def messages(self) -> list[Message]:
        """All messages, oldest first."""
        return messages(self._folder)

    def announce(self, origin: str) -> None:
        """Note where the receiver answers, for commands that make subscriptions."""
        self._put(closed_to_others(self._folder) / "origin", origin)

    @property
    def origin(self) -> str | None:
        """Where the receiver of this folder answers, or did when it last ran; None if it never ran."""
        file = self._folder / "origin"
        return file.read_text("utf-8") if file.is_file() else None

    @property
    def _subscriptions(self) -> Path:
        return self._folder / "subscriptions"

    def _write(self, subscription: Subscription) -> None:
        closed_to_others(self._folder)
        self._put(closed_to_others(self._subscriptions) / f"{subscription.id}.json", json.dumps(asdict(subscription)))

    def _put(self, file: Path, text: str) -> None:
        """Write a file whole, or not at all."""
        unfinished = file.with_suffix(".part")
        with open(unfinished, "w", opener=opened_for_owner) as opened:
            opened.write(text)
        unfinished.rename(file)
