"""The policy's lines at one path, as written in the document, for people who read a decision afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.escalation.domain.policy.model import Policy

_LEFT_OUT = frozenset({"enabled", "severity"})
"""Left out of a signal's table: it is obviously enabled, and its severity has a line of its own."""


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """A line of the policy at the time it counted; without a value if the path names more than one line."""

    path: str
    value: str | None = None

    def __str__(self) -> str:
        return self.path if self.value is None else f"{self.path} = {self.value}"


def lines_at(policy: Policy, path: str) -> list[PolicyLine]:
    """The line at a path such as `ladder.high.seller`, each line of a small table, or else the path alone."""
    place: Any = policy.model_dump(mode="json", exclude_none=True)
    for name in path.split("."):
        place = place.get(name) if isinstance(place, Mapping) else None
    if isinstance(place, Mapping):
        members = {name: value for name, value in place.items() if name not in _LEFT_OUT}
        plain = all(not isinstance(value, Mapping | list) for value in members.values())
        lines = [PolicyLine(f"{path}.{name}", _value(value)) for name, value in members.items() if plain]
        return lines or [PolicyLine(path)]
    return [PolicyLine(path, None if place is None or isinstance(place, list) else _value(place))]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
