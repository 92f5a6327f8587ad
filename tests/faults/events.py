"""An event of a history, and its form on the wire: as a Kafka record and as a `POST /events`."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

_STRUCTURED_PERCENT = 20


@dataclass(frozen=True, slots=True)
class Event:
    """`time` is RFC 3339 and unique in its history; `bad` is the code of the dead letter that the event ends as."""

    via: Literal["kafka", "http"]
    topic: str
    source: str
    id: str
    type: str
    subject: str
    time: str
    data: Mapping[str, Any]
    bad: str | None = None

    @property
    def service(self) -> str:
        """The service that receives the event."""
        return self.topic.partition(".")[0]

    def line(self) -> str:
        """The event as a line of `history.jsonl`."""
        return json.dumps(asdict(self))


def event_of_line(line: str) -> Event:
    return Event(**json.loads(line))


@dataclass(frozen=True, slots=True)
class Wire:
    """The parts of a Kafka record."""

    key: bytes
    headers: list[tuple[str, str | bytes | None]]
    value: bytes | None


def wire(event: Event) -> Wire:
    """The event as a record: one in five in structured mode, the others and all bad ones in binary mode."""
    key = event.subject.encode()
    if event.bad is None and _share(event) < _STRUCTURED_PERCENT:
        content = _attributes(event) | {"data": event.data}
        return Wire(key, [("content-type", b"application/cloudevents+json")], json.dumps(content).encode())
    headers: list[tuple[str, str | bytes | None]] = [
        (f"ce_{name}", text.encode()) for name, text in _attributes(event).items()
    ]
    return Wire(key, [*headers, ("content-type", b"application/json")], _body(event))


def post(event: Event) -> tuple[dict[str, str], bytes]:
    """The event as headers (without a publisher's key) and body of a `POST /events` in binary mode."""
    headers = {f"ce-{name}": text for name, text in _attributes(event).items()}
    return headers | {"content-type": "application/json"}, json.dumps(event.data).encode()


def _body(event: Event) -> bytes | None:
    if event.bad == "tombstone":
        return None
    written = json.dumps(event.data).encode()
    return written[:-2] if event.bad == "invalid_json" else written


def _attributes(event: Event) -> dict[str, str]:
    return {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": event.time,
    }


def _share(event: Event) -> int:
    return zlib.crc32(f"{event.source} {event.id}".encode()) % 100
