"""The versions of the policy: which one counts for an order at a time, and the differences between two."""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Self

from services.escalation.domain.policy.document import digest, overridden, read_published, shipped, shipped_text
from services.escalation.domain.policy.model import Policy

BEGINNING = datetime.min.replace(tzinfo=UTC)
"""Since when the first version counts."""

_FIRST = ("handoff", "The policy that ships")


@dataclass(frozen=True)
class PolicyVersion:
    """A policy with its document `text`. It counts for facts at or after `since`. Versions are numbered from 1."""

    version: int
    since: datetime
    policy: Policy = field(repr=False, compare=False)
    text: str = field(repr=False)
    published_by: str
    summary: str

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the document."""
        return digest(self.text)


@dataclass(frozen=True)
class Policies:
    """Every version, by number and therefore by time; the first, the shipped one, always exists."""

    versions: tuple[PolicyVersion, ...]
    _applied: dict[tuple[str, int], Policy] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def shipped(cls) -> Self:
        """Only the version that ships."""
        return cls((PolicyVersion(1, BEGINNING, shipped(), shipped_text(), *_FIRST),))

    @classmethod
    def beginning_with(cls, text: str) -> Self:
        """Only the first version, if another text was shipped when the database was created."""
        return cls((PolicyVersion(1, BEGINNING, read_published(text), text, *_FIRST),))

    @property
    def latest(self) -> PolicyVersion:
        return self.versions[-1]

    def at(self, instant: datetime) -> PolicyVersion:
        """The version that counts at an instant; of two with the same `since` the later one."""
        return self.versions[bisect_right(self.versions, instant, key=lambda one: one.since) - 1]

    def numbered(self, version: int) -> PolicyVersion | None:
        return self.versions[version - 1] if 0 < version <= len(self.versions) else None

    def followed_by(self, newer: Collection[PolicyVersion]) -> "Policies":
        """These and newer versions. Raises ValueError if a version in between is missing."""
        if not newer:
            return self
        versions = (*self.versions, *sorted(newer, key=lambda one: one.version))
        if [one.version for one in versions] != list(range(1, len(versions) + 1)):
            raise ValueError("the versions of the policy have a gap")
        return Policies(versions, self._applied)

    def every(self) -> Iterator[Policy]:
        """Every policy that counts, or has counted, for any order."""
        for version in self.versions:
            yield version.policy
            for index in range(len(version.policy.overrides)):
                yield self._overridden(version, index)

    def for_order(self, version: PolicyVersion, segment: str | None, products: Collection[str]) -> Policy:
        """A version's policy for an order of this segment with these products: the first override that fits counts."""
        for index, override in enumerate(version.policy.overrides):
            fits = override.product in products if override.segment is None else override.segment == segment
            if fits:
                return self._overridden(version, index)
        return version.policy

    def _overridden(self, version: PolicyVersion, index: int) -> Policy:
        known = (version.digest, index)  # not its number: after a rollback another document may have the same number
        if known not in self._applied:
            self._applied[known] = overridden(version.policy, version.policy.overrides[index])
        return self._applied[known]


@dataclass(frozen=True, slots=True)
class Change:
    """A value of the document that differs, as written there; None if it is missing."""

    path: str
    before: str | None
    after: str | None


def difference(old: Policy, new: Policy) -> list[Change]:
    """The differences in the order of the new document, then values only in the old. Empty only for equal policies."""
    before, after = dict(_values("", _plain(old))), dict(_values("", _plain(new)))
    paths = dict.fromkeys([*after, *before])
    return [Change(path, before.get(path), after.get(path)) for path in paths if before.get(path) != after.get(path)]


def _plain(policy: Policy) -> dict[str, Any]:
    return policy.model_dump(mode="json", exclude_none=True)


def _values(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Each value with its path.

    A list of named tables is also a value itself, because the order of its names counts.
    """
    if isinstance(value, Mapping) and (value or not path):
        for name, member in value.items():
            yield from _values(f"{path}.{name}" if path else str(name), member)
    elif names := _names(value):
        yield path, ", ".join(names)
        for name, member in zip(names, value, strict=True):
            yield from _values(f"{path}[{name}]", member)
    else:
        yield path, _text(value)


def _names(value: Any) -> list[str]:
    """The identifying names of a list's tables, if all tables have one."""
    tables = value if isinstance(value, list) else []
    names = [_name(table) if isinstance(table, Mapping) else None for table in tables]
    return [name for name in names if name] if all(names) else []


def _name(table: Mapping[str, Any]) -> str | None:
    return next((str(table[name]) for name in ("code", "segment", "product") if name in table), None)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name} = {_text(member)}' for name, member in value.items())}}}"
    return str(value)
