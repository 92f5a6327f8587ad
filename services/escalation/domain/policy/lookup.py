"""What the policy says at one place, as it is written in the document: for whoever reads a decision afterwards."""

from collections.abc import Mapping
from typing import Any

from services.escalation.domain.policy.model import Policy

_SHORT = 60


def written_at(policy: Policy, path: str) -> str | None:
    """The value at a path like `ladder.high.seller`, a small table in one line; None for none, and for what is long."""
    place: Any = policy.model_dump(mode="json", exclude_none=True)
    for name in path.split("."):
        place = place.get(name) if isinstance(place, Mapping) else None
    if place is None or isinstance(place, list):
        return None
    text = _table(place) if isinstance(place, Mapping) else _value(place)
    return text if len(text) <= _SHORT else None


def _table(members: Mapping[str, Any]) -> str:
    """What is switched on goes without saying."""
    told = {name: value for name, value in members.items() if (name, value) != ("enabled", True)}
    return ", ".join(f"{name} = {_value(value)}" for name, value in told.items())


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return f"{{{_table(value)}}}"
    return str(value)
