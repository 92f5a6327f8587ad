"""The files of the push receiver: subscriptions, which browsers would hold, and received messages. Start at PushStore.

A subscription is a file that any process can add; the receiver reads it anew with each message.
"""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from deploy.local.files import closed_to_others, opened_for_owner
from deploy.local.push_keys import BrowserKeys

_PATH = "/push/"


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


@dataclass(frozen=True)
class Message:
    """A message as the browser decrypted it; `number` counts from 1 in the order of arrival.

    `answered` is False if the connection was cut before the answer.
    """

    number: int
    received_at: datetime
    person: str
    subscription: str
    content: Any
    headers: Mapping[str, str]
    answered: bool


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
        name = path.removeprefix(_PATH)
        if not path.startswith(_PATH) or not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
            return None
        try:
            kept = json.loads((self._subscriptions / f"{name}.json").read_text("utf-8"))
        except FileNotFoundError:
            return None
        return Subscription(**kept | {"behaviour": Behaviour(kept["behaviour"])})

    def keep(self, subscription: Subscription, content: bytes, headers: Mapping[str, str], *, answered: bool) -> None:
        """Keep a message, whole, before it is answered."""
        text = content.decode(errors="replace")
        try:
            shown: Any = json.loads(text)
        except ValueError:
            shown = text
        line = {
            "received_at": datetime.now(UTC).isoformat(),
            "person": subscription.person,
            "subscription": subscription.id,
            "content": shown,
            "headers": dict(headers),
            "answered": answered,
        }
        closed_to_others(self._folder)
        with open(self._messages, "ab", opener=opened_for_owner) as file:
            file.write(json.dumps(line).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def messages(self) -> list[Message]:
        """All messages, oldest first; none if none came yet. A line that is still being written does not count."""
        if not self._messages.is_file():
            return []
        lines = [line for line in self._messages.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
        return [_message(json.loads(line), number) for number, line in enumerate(lines, start=1)]

    @property
    def _subscriptions(self) -> Path:
        return self._folder / "subscriptions"

    @property
    def _messages(self) -> Path:
        return self._folder / "messages.jsonl"

    def _write(self, subscription: Subscription) -> None:
        closed_to_others(self._folder)
        unfinished = closed_to_others(self._subscriptions) / f"{subscription.id}.part"
        with open(unfinished, "w", opener=opened_for_owner) as file:
            json.dump(asdict(subscription), file)
        unfinished.rename(unfinished.with_suffix(".json"))


def _message(kept: dict[str, Any], number: int) -> Message:
    return Message(**kept | {"number": number, "received_at": datetime.fromisoformat(kept["received_at"])})
