"""Reads a policy from its document, or reports all its errors by line. Start at `read`."""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from itertools import islice
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from services.escalation.domain.policy.checks import MOST_OVERRIDES, faults
from services.escalation.domain.policy.errors import PolicyError, PolicyErrors, path_of, words, written
from services.escalation.domain.policy.lines import Path, line_of, lines
from services.escalation.domain.policy.model import Override, Policy

LONGEST = 200_000
"""The maximum length of a document in characters: with its event it must fit into one message."""

_DEEPEST = 32
_TOO_DEEP = f"must not be nested deeper than {_DEEPEST} levels"
_BITS = 63  # of a whole number: the range that TOML guarantees
_LARGEST = 2**_BITS - 1
_NUMBER = re.compile(r"[0-9][0-9_]*")
_AT_LINE = re.compile(r"(.*) \(at line (\d+), column \d+\)", re.DOTALL)
_SET_BY_ORDERS = frozenset(
    {
        *("customers", "signals", "rises", "ladder", "acknowledgement", "channels", "duties", "reasons", "plays"),
        *("save_window", "win_back"),
    }
)
_ONLY_BY_ORDERS = f"has no effect here: an override can set only {', '.join(sorted(_SET_BY_ORDERS))}"
_ONLY_SEVERITY = (
    "has no effect here: an override can set only the severity of a signal, which is found before its order is known"
)


def read(text: str) -> Policy:
    """The policy that a document describes. Raises PolicyErrors with all its errors."""
    if len(text) > LONGEST:
        raise PolicyErrors([PolicyError(1, "", f"the document must have at most {LONGEST} characters")])
    document, known = _parsed(text)
    policy, wrong = None, dict.fromkeys(_not_storable(document))
    if not wrong:
        policy, wrong = _checked(document)
        for index, changes in islice(_overrides(document), MOST_OVERRIDES):
            wrong |= _wrong_override(document, changes, index, set(wrong))
    if policy is None or wrong:
        errors = [PolicyError(line_of(path, known), written(path), allowed) for path, allowed in wrong]
        raise PolicyErrors(sorted(errors, key=lambda error: error.line))
    return policy


@lru_cache(maxsize=64)
def read_published(text: str) -> Policy:
    """The policy of a document that some release has read before. Unknown members are left out.

    A release can therefore be rolled back after a newer release's document was published.
    """
    return _known_part(tomllib.loads(text))


def overridden(policy: Policy, override: Override) -> Policy:
    """The policy with an override's values; the override must belong to the same document."""
    return _known_part(_merged(policy.model_dump(mode="json"), override.set))


def changed(policy: Policy, path: Sequence[str], value: Any) -> Policy | None:
    """The policy with another value at a path, as a document has it; None if a policy must not have that value.

    Overrides are not checked with it: `read` does so when the policy is published.
    """
    for name in reversed(path):
        value = {name: value}
    document = policy.model_dump(mode="json")
    found, wrong = _checked(_merged(document, value))
    return found if found is not None and wrong.keys() <= _checked(document)[1].keys() else None


def digest(text: str) -> str:
    """SHA-256 of a document, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def schema() -> dict[str, Any]:
    """The JSON Schema of a document, for editors that check TOML while it is written."""
    described = Policy.model_json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **described}


@cache
def shipped_text() -> str:
    """The document that ships."""
    return files(__package__).joinpath("default.toml").read_text("utf-8")


def past_text(name: str) -> str:
    """A document that shipped with an earlier release, by its name in the folder `past`."""
    return files(__package__).joinpath("past", name).read_text("utf-8")


@cache
def shipped() -> Policy:
    """The policy that counts if none was published."""
    return read(shipped_text())


def _parsed(text: str) -> tuple[dict[str, Any], Mapping[Path, int]]:
    try:
        return tomllib.loads(text), lines(text)
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.fullmatch(str(error))
        line = int(found[2]) if found else text.count("\n") + 1
        raise PolicyErrors([PolicyError(line, "", f"this is not valid TOML: {found[1] if found else error}")]) from None
    except RecursionError:
        raise PolicyErrors([PolicyError(1, "", f"the document {_TOO_DEEP}")]) from None
    except ValueError:  # Python does not read whole numbers with thousands of digits
        longest = max(_NUMBER.finditer(text), key=lambda found: len(found[0]))
        line = text.count("\n", 0, longest.start()) + 1
        raise PolicyErrors([PolicyError(line, "", f"a number must be at most {_LARGEST}")]) from None


def _not_storable(document: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Values that TOML allows and JSON cannot represent."""
    waiting: list[tuple[Path, Any]] = [((), document)]
    while waiting:
        path, value = waiting.pop()
        if len(path) > _DEEPEST:
            yield path[:3], _TOO_DEEP
        elif isinstance(value, dict):
            waiting += [((*path, name), member) for name, member in value.items()]
        elif isinstance(value, list):
            waiting += [((*path, index), member) for index, member in enumerate(value)]
        elif isinstance(value, int) and value.bit_length() > _BITS:
            yield path, f"must be {f'at most {_LARGEST}' if value > 0 else f'at least -{_LARGEST}'}"


def _known_part(document: dict[str, Any]) -> Policy:
    try:
        return _validated(document)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_input=False):
            if one["type"] == "extra_forbidden":
                _remove(document, one["loc"])
    return _validated(document)


def _validated(document: Mapping[str, Any]) -> Policy:
    return Policy.model_validate_json(to_json(document, inf_nan_mode="constants"), strict=True)


def _remove(document: Any, path: Path) -> None:
    for part in path[:-1]:
        document = document[part]
    del document[path[-1]]


_Wrong = dict[tuple[Path, str], None]
"""Errors in the order found, each once."""


def _checked(document: Mapping[str, Any]) -> tuple[Policy | None, _Wrong]:
    try:
        policy = _validated(document)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        inside = {path_of(one)[:-1] for one in found}  # pydantic counts a wrong entry of a list as missing, too
        return None, {
            (path, words(one)): None
            for one in found
            if (path := path_of(one)) not in inside or one["type"] != "too_short"
        }
    return policy, dict.fromkeys(faults(policy))


def _overrides(document: Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The values of each override, if it has the form of one."""
    listed = document.get("overrides")
    for index, override in enumerate(listed if isinstance(listed, list) else ()):
        changes = override.get("set") if isinstance(override, dict) else None
        if isinstance(changes, dict):
            yield index, changes


def _wrong_override(document: Mapping[str, Any], changes: Mapping[str, Any], index: int, known: set[Any]) -> _Wrong:
    """The errors of a document with an override's values that it does not have without them."""
    here: Path = ("overrides", index, "set")
    useless = list(_without_effect(changes))
    if useless:
        return dict.fromkeys(((*here, *path), allowed) for path, allowed in useless)
    plain = {name: value for name, value in document.items() if name != "overrides"}
    _, wrong = _checked(_merged(plain, changes))
    return {((*here, *path), allowed): None for path, allowed in wrong if (path, allowed) not in known}


def _without_effect(changes: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    for name in changes:
        if name not in _SET_BY_ORDERS:
            yield (name,), _ONLY_BY_ORDERS
    signals = changes.get("signals")
    for kind, rule in signals.items() if isinstance(signals, dict) else ():
        for member in rule if isinstance(rule, dict) else ():
            if member != "severity":
                yield ("signals", kind, member), _ONLY_SEVERITY


def _merged(base: Mapping[Any, Any], changes: Mapping[str, Any]) -> dict[Any, Any]:
    """The merged document: tables are merged name by name, other values are replaced."""
    merged = dict(base)
    for name, value in changes.items():
        before = merged.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            value = _merged(before, value)
        merged[name] = value
    return merged
