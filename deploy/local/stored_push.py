"""The messages that the push receiver kept, a line of JSON each. Start at messages."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.local.files import closed_to_others, opened_for_owner

_NAME = "messages.jsonl"


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


def messages(folder: Path) -> list[Message]:
    """All messages of a folder, oldest first. A line that is still being written does not count."""
    try:
        lines = (folder / _NAME).read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return []
    return [_read(json.loads(line), number) for number, line in enumerate(lines, start=1) if line.endswith(b"\n")]


def keep(folder: Path, content: bytes, **about: Any) -> None:
    """Add a message, whole: its content as JSON where it is some, else as text."""
    text = content.decode(errors="replace")
    try:
        shown: Any = json.loads(text)
    except ValueError:
        shown = text
    line = {"received_at": datetime.now(UTC).isoformat(), "content": shown, **about}
    closed_to_others(folder)
    with open(folder / _NAME, "ab", opener=opened_for_owner) as file:
        file.write(json.dumps(line).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _read(kept: dict[str, Any], number: int) -> Message:
    return Message(**kept | {"number": number, "received_at": datetime.fromisoformat(kept["received_at"])})
