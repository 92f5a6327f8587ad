"""The condition of `--fail-if`: comparisons of figures and numbers, joined by `and` and `or`. Nothing is evaluated."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.contracts.nearest import nearest

_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[a-z][a-z0-9_.]*)|(?P<sign>>=|<=|==|!=|>|<)|(?P<bad>\S))"
)
_JOINS = ("and", "or")
_DEFAULT = "candidate."
"""A name without a policy is a figure of the policy that is tried."""


class ExpressionError(ValueError):
    """A condition cannot be read. The text says where, and what is allowed."""


@dataclass(frozen=True, slots=True)
class Comparison:
    left: str
    sign: str
    right: str


@dataclass(frozen=True, slots=True)
class Condition:
    """It holds if all comparisons of one alternative hold: `and` binds closer than `or`."""

    alternatives: tuple[tuple[Comparison, ...], ...]

    def holds(self, figures: Mapping[str, float]) -> bool:
        """Whether it holds for figures by path. Raises ExpressionError for a name that none has."""
        values = {name: _value(name, figures) for all_of in self.alternatives for one in all_of for name in _sides(one)}
        return any(
            all(_COMPARISONS[one.sign](values[one.left], values[one.right]) for one in all_of)
            for all_of in self.alternatives
        )


def condition(text: str) -> Condition:
    """Read a condition such as `first_notifications.p95 > 8 or losses.neither > 0`. Raises ExpressionError."""
    tokens = _tokens(text)
    alternatives: list[list[Comparison]] = [[]]
    for start in range(0, len(tokens), 4):
        part, join = tokens[start : start + 3], tokens[start + 3 : start + 4]
        alternatives[-1].append(_comparison(part, text))
        if join == ["or"]:
            alternatives.append([])
        if join and (join[0] not in _JOINS or start + 4 >= len(tokens)):
            raise ExpressionError(f"{join[0]!r} is not expected here in {text!r}; join two comparisons with and, or")
    if alternatives == [[]]:
        raise ExpressionError("the condition is empty; write for example first_notifications.p95 > 8")
    return Condition(tuple(map(tuple, alternatives)))


def _tokens(text: str) -> list[str]:
    found = []
    for one in _TOKEN.finditer(text.strip()):
        if one["bad"]:
            raise ExpressionError(f"{one['bad']!r} is not allowed in {text!r}; use names, numbers, {_signs()}, and, or")
        found.append(one.group().strip())
    return found


def _comparison(part: Sequence[str], text: str) -> Comparison:
    if len(part) < 3 or part[1] not in _COMPARISONS or any(one in _COMPARISONS or one in _JOINS for one in part[::2]):
        raise ExpressionError(
            f"{' '.join(part)!r} in {text!r} is not a comparison; write for example first_notifications.p95 > 8"
        )
    return Comparison(*part)


def _sides(comparison: Comparison) -> tuple[str, str]:
    return comparison.left, comparison.right


def _value(name: str, figures: Mapping[str, float]) -> float:
    if not name[0].isalpha():
        return float(name)
    found = figures.get(name, figures.get(_DEFAULT + name))
    if found is None:
        close = nearest(name, [one.removeprefix(_DEFAULT) for one in figures])
        hint = f"did you mean {close}?" if close else "--json prints every figure with its name"
        raise ExpressionError(f"there is no figure {name}; {hint}")
    return found


def _signs() -> str:
    return ", ".join(_COMPARISONS)
