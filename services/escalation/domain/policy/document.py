"""Reads a policy from its document, or says everything that is wrong with it, line by line. Start at `read`."""

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from services.escalation.domain.policy.errors import PolicyError, PolicyErrors, path_of, words, written
from services.escalation.domain.policy.lines import Path, line_of, lines
from services.escalation.domain.policy.model import Override, Policy
from services.escalation.domain.policy.sense import faults

LONGEST = 200_000
"""How many characters a document may have: with its event it must fit into one message."""

_AT_LINE = re.compile(r"(.*) \(at line (\d+), column \d+\)", re.DOTALL)
_SET_BY_ORDERS = frozenset({"customers", "signals", "rises", "ladder", "acknowledgement", "duties", "reasons", "plays"})
_ONLY_BY_ORDERS = f"has no effect here: an override sets {', '.join(sorted(_SET_BY_ORDERS))}"
_ONLY_SEVERITY = "has no effect here: of a signal an override sets its severity; it is found before its order is known"


def read(text: str) -> Policy:
    """The policy that a document describes. Raises PolicyErrors with all that is wrong."""
    if len(text) > LONGEST:
        raise PolicyErrors([PolicyError(1, "", f"the document must have at most {LONGEST} characters")])
    document, known = _parsed(text)
    policy, wrong = _checked(document)
    for index, changes in _overrides(document):
        wrong |= _wrong_override(document, changes, index, set(wrong))
    if policy is None or wrong:
        errors = [PolicyError(line_of(path, known), written(path), allowed) for path, allowed in wrong]
        raise PolicyErrors(sorted(errors, key=lambda error: error.line))
    return policy


def overridden(policy: Policy, override: Override) -> Policy:
    """The policy with an override's values; only of one that was read together with it."""
    return Policy.model_validate(_merged(policy.model_dump(), override.set))


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


@cache
def shipped() -> Policy:
    """The policy that counts where none was published."""
    return read(shipped_text())


def _parsed(text: str) -> tuple[dict[str, Any], Mapping[Path, int]]:
    try:
        return tomllib.loads(text), lines(text)
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.fullmatch(str(error))
        line = int(found[2]) if found else text.count("\n") + 1
        raise PolicyErrors([PolicyError(line, "", f"this is no TOML: {found[1] if found else error}")]) from None
    except RecursionError:
        raise PolicyErrors([PolicyError(1, "", "the document must not be nested so deep")]) from None


_Wrong = dict[tuple[Path, str], None]
"""Mistakes in the order they were found, each once."""


def _checked(document: Mapping[str, Any]) -> tuple[Policy | None, _Wrong]:
    try:
        policy = Policy.model_validate_json(to_json(document, inf_nan_mode="constants"), strict=True)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        return None, dict.fromkeys((path_of(one), words(one)) for one in found)
    return policy, dict.fromkeys(faults(policy))


def _overrides(document: Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """What each override sets, as far as it is written like one."""
    listed = document.get("overrides")
    for index, override in enumerate(listed if isinstance(listed, list) else ()):
        changes = override.get("set") if isinstance(override, dict) else None
        if isinstance(changes, dict):
            yield index, changes


def _wrong_override(document: Mapping[str, Any], changes: Mapping[str, Any], index: int, known: set[Any]) -> _Wrong:
    """What is wrong with a document that has an override's values, other than is without it."""
    here: Path = ("overrides", index, "set")
    useless = list(_without_effect(changes))
    if useless:
        return dict.fromkeys(((*here, *path), allowed) for path, allowed in useless)
    plain = {name: value for name, value in document.items() if name != "overrides"}
    _, wrong = _checked(_merged(plain, changes))
    return {((*here, *path), allowed): None for path, allowed in wrong if (path, allowed) not in known}


def _without_effect(changes: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    for name, value in changes.items():
        if name not in _SET_BY_ORDERS:
            yield (name,), _ONLY_BY_ORDERS
    signals = changes.get("signals")
    for kind, rule in signals.items() if isinstance(signals, dict) else ():
        for member in rule if isinstance(rule, dict) else ():
            if member != "severity":
                yield ("signals", kind, member), _ONLY_SEVERITY


def _merged(base: Mapping[Any, Any], changes: Mapping[str, Any]) -> dict[Any, Any]:
    """Tables are merged name by name, all else is replaced."""
    merged = dict(base)
    for name, value in changes.items():
        before = merged.get(name)
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        merged[name] = _merged(before, value) if both else value
    return merged
