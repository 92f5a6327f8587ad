"""Which systems may read timelines."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.http.bearer_keys import InvalidKeys
from shared.http.reader_keys import ReaderKeys

KEY = "a-key-nobody-may-read"


def read(text: str) -> ReaderKeys:
    return ReaderKeys.read(SecretStr(text))


def test_a_reader_is_known_by_its_bearer_header() -> None:
    keys = read(f'["{KEY}", "{KEY}2"]')
    assert keys.knows(f"Bearer {KEY}")
    assert keys.knows(f"bearer {KEY}2")
    for authorization in (None, "", "Bearer", "Bearer ", KEY, f"Basic {KEY}", f"Bearer {KEY}x", "Bearer \udcff"):
        assert not keys.knows(authorization)


@pytest.mark.parametrize("text", ["[]", ""])
def test_without_a_key_no_reader_is_known(text: str) -> None:
    assert not read(text).knows("Bearer ")
    assert not ReaderKeys.read(None).knows("Bearer ")


@pytest.mark.parametrize(
    "text",
    [
        '[""]',
        '["nobody-short"]',
        '["a key nobody may read"]',
        '["                      "]',
        '["a-key-nobody-may-rèad"]',
        f'"{KEY}"',
        f'{{"shop": "{KEY}"}}',
        f'["{KEY}", 12345678901234567]',
        f'["{KEY}", "{KEY}"]',
        f'[["{KEY}"]]',
        f'["{KEY}"',
        "[" * 100_000,
        KEY,
    ],
)
def test_a_bad_setting_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InvalidKeys, match="READER_KEYS") as refused:
        read(text)
    assert "nobody" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_the_setting_may_name_a_file(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(f'["{KEY}"]\n')
    assert read(str(file)).knows(f"Bearer {KEY}")
    file.write_text(f'"{KEY}"')
    with pytest.raises(InvalidKeys, match="not a JSON array"):
        read(str(file))
