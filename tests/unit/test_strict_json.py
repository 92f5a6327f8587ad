"""Texts that are plain JSON although they resemble refused ones (`test_refusals`), and the limit of nesting."""

import json
import re

import pytest

from shared.contracts import strict_json
from shared.contracts.rejected import Rejected
from tests.unit.events import decode


@pytest.mark.parametrize(
    "words",
    [r"\u0022", r"\"\"", r"\\u0022", r"\\\u0022\u0022", r"\\\\\"", "{'a': 1, 'a': 2}", r"\"a\": 1, \"a\": 2", ""],
)
def test_one_name_in_two_objects_and_quotes_in_strings_are_plain_json(words: str) -> None:
    body = f'{{ "words" : "{words}", "person": {{"name":"{words}"}}, "x": [{{"words": 1}}, {{"words": 1}}] }}'
    assert strict_json.parse(body.encode()) == json.loads(body)


def _nested(levels: int) -> str:
    return f'{{"case": "CS-1", "x": {"[" * (levels - 1)}{"]" * (levels - 1)}}}'


@pytest.mark.parametrize("levels", [202, 254, 255, 1_024, 1_025, 10_000])
def test_data_that_nests_too_deep_is_told_one_limit(levels: int) -> None:
    assert decode(_nested(200))
    with pytest.raises(Rejected) as refused:
        decode(_nested(levels))
    assert re.findall(r"[\d,]+ levels", refused.value.reason) == ["200 levels"]
