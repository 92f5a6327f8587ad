"""The default policy's document with a line or two changed, for the tests of this folder."""

import json
from typing import Any

import pytest

from services.escalation.domain.policy.document import read, shipped_text
from services.escalation.domain.policy.errors import PolicyErrors

TEXT = shipped_text()


def errors_of(text: str) -> list[str]:
    with pytest.raises(PolicyErrors) as raised:
        read(text)
    assert str(raised.value).splitlines() == [str(error) for error in raised.value.errors]
    return str(raised.value).splitlines()


def changed(before: str, after: str, *, nth: int = 0) -> tuple[str, int]:
    """The default document with the n-th such line replaced, and the line's number."""
    text = TEXT.splitlines()
    lines = [number for number, one in enumerate(text) if one == before]
    assert len(lines) > nth, f"the default policy has no line {before!r}"
    line = lines[nth]
    text[line] = after
    return "\n".join(text), line + 1


def with_override(text: str) -> tuple[str, int]:
    """The default document with this at its end, and the number of its first line."""
    return f"{TEXT}\n{text}", TEXT.count("\n") + 2


def tomlified(values: dict[str, Any]) -> str:
    """A document of these values."""
    return "\n".join(f"{name} = {_inline(value)}" for name, value in values.items())


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(name)} = {_inline(member)}' for name, member in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    return json.dumps(value, ensure_ascii=False)
