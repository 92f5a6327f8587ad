"""How a policy is written: the line of each value, and spans of time."""

import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from services.escalation.domain.policy.document import shipped_text
from services.escalation.domain.policy.lines import lines
from services.escalation.domain.policy.values import Span, WorkingSpan

TEXT = shipped_text()


def test_lines_are_found_in_every_way_that_toml_is_written() -> None:
    text = '''"a b".c = 1 # x = 3
m = """
k = [
""" ; n = 2
'''.replace(" ; ", "\n")
    text += 'list = [ # [\n  1, "]", # ]\n  {x = "}", y.z = [\'#\',\n 2]},\n]\n[ t . "u.v" ]\nw = 1979-05-27 07:32:00\n'
    text += "[[o]]\n[[o.p]]\n[o.p.q]\nr = ''''''\n[[o.p]]\n[[o]]\ns = 1\n"
    found = lines(text)
    assert {path: line for path, line in found.items() if path[0] != "o"} == {
        ("a b",): 1,
        ("a b", "c"): 1,
        ("m",): 2,
        ("n",): 5,
        ("list",): 6,
        ("list", 0): 7,
        ("list", 1): 7,
        ("list", 2): 8,
        ("list", 2, "x"): 8,
        ("list", 2, "y"): 8,
        ("list", 2, "y", "z"): 8,
        ("list", 2, "y", "z", 0): 8,
        ("list", 2, "y", "z", 1): 9,
        ("t",): 11,
        ("t", "u.v"): 11,
        ("t", "u.v", "w"): 12,
    }
    assert [found[path] for path in [("o", 0), ("o", 0, "p", 0, "q", "r"), ("o", 0, "p", 1), ("o", 1, "s")]] == [
        13,
        16,
        17,
        19,
    ]


def test_every_value_of_the_default_document_has_its_line() -> None:
    text, found = TEXT.splitlines(), lines(TEXT)
    for path in paths_of(tomllib.loads(TEXT)):
        assert isinstance(path[-1], int) or str(path[-1]) in text[found[path] - 1]


def paths_of(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from paths_of(member, (*path, name))


SPANS: tuple[Callable[[], tuple[TypeAdapter[timedelta], str]], ...] = (
    lambda: (TypeAdapter(Span), "mhdw"),
    lambda: (TypeAdapter(WorkingSpan), "mh"),
)


@pytest.mark.parametrize("kind", SPANS)
@given(count=st.integers(0, 500), unit=st.integers(0, 3))
def test_a_span_is_written_as_it_is_read(
    kind: Callable[[], tuple[TypeAdapter[timedelta], str]], count: int, unit: int
) -> None:
    adapter, units = kind()
    span = adapter.validate_python(f"{count}{units[unit % len(units)]}")
    seconds = {"m": 60, "h": 3600, "d": 86400, "w": 604800}[units[unit % len(units)]]
    assert span == timedelta(seconds=count * seconds)
    written = adapter.dump_python(span, mode="json")
    assert adapter.dump_python(adapter.validate_python(written), mode="json") == written
    assert adapter.validate_python(written) == span


@given(st.text() | st.integers() | st.floats() | st.booleans() | st.none())
def test_nothing_else_is_a_span(value: object) -> None:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,6}[mhdw]", value):
        return
    with pytest.raises(ValueError, match="must be a time like"):
        TypeAdapter(Span).validate_python(value)
