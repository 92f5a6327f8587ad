"""What counts as a break between two versions of an event's schema; as a command, accepts those of today.

`python -m tests.contracts.compatibility` moves the baseline to the classes of today, if that breaks no one. For an
intended break, first remove its line from the baseline, and give the reason in the contracts' CHANGELOG.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsoncompat import check_compat

from shared.contracts.catalog import FACTS
from shared.contracts.fact import Fact
from shared.contracts.schemas import schema

BASELINE = Path(__file__).parent / "baseline.json"
_EXACT = ("pattern", "format", "const")


def breaks(old: dict[str, Any], new: dict[str, Any], *, published: bool) -> list[str]:
    """The breaks for publishers, stored events and (if published) readers that know only `old`."""
    found = []
    if not check_compat(json.dumps(_closed(old)), json.dumps(_closed(new)), "deserializer"):
        found.append("an event that was right before is refused now, or a member of it is no longer read")
    if published and not check_compat(json.dumps(_open(old)), json.dumps(_open(new)), "serializer"):
        found.append("a reader that knows the old schema would refuse a new event")
    before, after = dict(_exact_rules(old)), dict(_exact_rules(new))
    found.extend(f"{path} changed" for path in before.keys() & after.keys() if before[path] != after[path])
    return found


def rules(fact: type[Fact]) -> dict[str, Any]:
    """The schema of a class without its non-binding texts."""
    bare: dict[str, Any] = _without_texts(schema(fact))
    return bare


def _without_texts(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_texts(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    texts = [name for name in ("title", "description") if isinstance(value.get(name), str)]
    return {name: _without_texts(member) for name, member in value.items() if name not in texts}


def is_published(wire_type: str) -> bool:
    """Whether we write these events; we are the only reader of the others."""
    return ".inbound." not in wire_type


def _closed(value: Any) -> Any:
    """No further members allowed: otherwise every new optional member looks like a break."""
    if isinstance(value, list):
        return [_closed(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    closed = {name: _closed(member) for name, member in value.items() if name != "$id"}
    return closed | {"additionalProperties": False} if closed.get("type") == "object" else closed


def _open(value: Any) -> Any:
    """Without the lists of enums: these may grow, because readers keep unknown values."""
    if isinstance(value, list):
        return [_open(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    return {name: _open(member) for name, member in value.items() if name not in ("$id", "enum")}


def _exact_rules(value: Any, path: str = "#") -> Iterator[tuple[str, object]]:
    """Rules that can only be compared for equality."""
    if isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _exact_rules(entry, f"{path}/{index}")
    elif isinstance(value, dict):
        for name, member in value.items():
            if name in _EXACT and isinstance(member, str):
                yield f"{path}/{name}", member
            else:
                yield from _exact_rules(member, f"{path}/{name}")


def read_baseline() -> dict[str, dict[str, Any]]:
    """Accepted schemas by `dataschema`."""
    lines: dict[str, dict[str, Any]] = json.loads(BASELINE.read_text("utf-8")) if BASELINE.exists() else {}
    return lines


def accept() -> None:
    """Move the baseline to the classes; exits with an error if that breaks a publisher or a reader."""
    accepted = read_baseline()
    for fact in FACTS:
        new = rules(fact)
        found = breaks(accepted.get(fact.dataschema(), new), new, published=is_published(fact.type))
        if found:
            sys.exit(f"{fact.dataschema()}: {'; '.join(found)}. Give the class a new version instead.")
        accepted[fact.dataschema()] = new
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(accepted[name])}" for name in sorted(accepted))
    BASELINE.write_text("{\n" + lines + "\n}\n", "utf-8")


if __name__ == "__main__":
    accept()
