"""Who may publish what over HTTP."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.http.bearer_keys import InvalidKeys
from shared.http.publisher_keys import PublisherKeys

KEY = "a-key-nobody-may-read"
ENTRY = f'{{"key": "{KEY}", "sources": ["shop", "web/*"], "types": ["orders.inbound.*"]}}'


def test_a_key_is_found_by_its_bearer_header() -> None:
    keys = PublisherKeys.parse(f'{{"shop": {ENTRY}}}')
    assert keys.publisher(f"Bearer {KEY}") is not None
    assert keys.publisher(f"bearer {KEY}") is not None


@pytest.mark.parametrize(
    "authorization", [None, "", KEY, f"Basic {KEY}", "Bearer", f"Bearer {KEY}x", f"Bearer {KEY[:-1]}", "Bearer \udcff"]
)
def test_anything_else_finds_no_publisher(authorization: str | None) -> None:
    assert PublisherKeys.parse(f'{{"shop": {ENTRY}}}').publisher(authorization) is None


def test_a_publisher_owns_exact_sources_and_those_that_begin_as_its_pattern() -> None:
    publisher = PublisherKeys.parse(f'{{"shop": {ENTRY}}}').publisher(f"Bearer {KEY}")
    assert publisher is not None
    owned = {source: publisher.owns_source(source) for source in ("shop", "shop2", "web/de", "web", "Shop")}
    assert owned == {"shop": True, "shop2": False, "web/de": True, "web": False, "Shop": False}
    assert publisher.owns_type("orders.inbound.order_placed")
    assert not publisher.owns_type("support.inbound.case_opened")


def test_two_keys_may_belong_to_one_publisher_while_it_changes_them() -> None:
    keys = PublisherKeys.parse(f'{{"shop": {ENTRY}, "shop-new": {ENTRY.replace(KEY, KEY + "2")}}}')
    assert len(keys) == 2
    assert keys.publisher(f"Bearer {KEY}2") is not None


def test_one_key_for_two_publishers_is_refused() -> None:
    with pytest.raises(InvalidKeys, match="same key"):
        PublisherKeys.parse(f'{{"shop": {ENTRY}, "crm": {ENTRY}}}')


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"shop": 1}',
        '{"shop": {"key": "a-key-nobody-may-read"}}',
        '{"a-key-nobody-may-read": {"sources": ["shop"]}}',
        '{"shop": {"a-key-nobody-may-read": 1, "key": "a-key-nobody-may-read", "sources": ["shop"]}}',
        '{"shop": {"key": "a-key-nobody", "sources": ["shop"]}}',
        '{"shop": {"key": "a-key-nobody-may-read", "sources": []}}',
        '{"shop": {"key": "a-key-nobody-may-read", "sources": ["*shop"]}}',
    ],
)
def test_a_bad_setting_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(InvalidKeys, match="PUBLISHER_KEYS") as refused:
        PublisherKeys.parse(text)
    assert "nobody" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_the_setting_is_an_object_a_file_or_nothing(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(f'{{"shop": {ENTRY}}}')
    assert len(PublisherKeys.read(SecretStr(str(file)))) == 1
    assert len(PublisherKeys.read(SecretStr(file.read_text()))) == 1
    assert len(PublisherKeys.read(SecretStr("{}"))) == 0
    assert len(PublisherKeys.read(None)) == 0
    with pytest.raises(InvalidKeys, match="file"):
        PublisherKeys.read(SecretStr(str(tmp_path / "missing.json")))


def test_a_key_shows_in_no_representation() -> None:
    publisher = PublisherKeys.parse(f'{{"shop": {ENTRY}}}').publisher(f"Bearer {KEY}")
    assert KEY not in f"{publisher!r} {publisher}"
