"""Texts that are plain JSON although they resemble refused ones (`test_refusals`)."""

import json

import pytest

from shared.contracts import strict_json


@pytest.mark.parametrize(
    "words",
    [r"\u0022", r"\"\"", r"\\u0022", r"\\\u0022\u0022", r"\\\\\"", "{'a': 1, 'a': 2}", r"\"a\": 1, \"a\": 2", ""],
)
def test_one_name_in_two_objects_and_quotes_in_strings_are_plain_json(words: str) -> None:
    body = f'{{ "words" : "{words}", "person": {{"name":"{words}"}}, "x": [{{"words": 1}}, {{"words": 1}}] }}'
    assert strict_json.parse(body.encode()) == json.loads(body)
