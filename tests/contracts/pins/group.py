"""A group of pinned names: its subject, why it must stay, and how it is read from the code."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.contracts.pins.reading import COMPUTED, Call

Names: TypeAlias = dict[str, Any]
"""By subject, a list of names, which may grow, or a JSON value, which may not change at all."""


@dataclass(frozen=True, slots=True)
class Group:
    """`why` says who relies on the names; `read` returns the present names in the code."""

    title: str
    why: str
    read: Callable[[], Names]


def by_service(found: Iterable[tuple[Call, str]]) -> Names:
    """The arguments of calls, by the service (or `shared`) that the calls are in."""
    names: dict[str, set[str]] = defaultdict(set)
    for call, name in found:
        if name != COMPUTED:
            names[call.module.path.removeprefix("services/").split("/")[0]].add(name)
    return {service: sorted(each) for service, each in sorted(names.items())}
