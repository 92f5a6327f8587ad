"""Who may publish what over HTTP."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.contracts.catalog import TOPICS
from shared.http.bearer_keys import InvalidKeys
from shared.http.publisher_keys import Publisher, PublisherKeys

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


@pytest.mark.parametrize(
    ("pattern", "owned", "others"),
    [
        ("/shop*", ["/shop", "/shop/", "/shop/eu"], ["/shopping-evil", "/shop-eu", "/sho", "shop", "/shop.evil"]),
        ("/shop/*", ["/shop/", "/shop/eu"], ["/shop", "/shopping-evil"]),
        ("/shop-*", ["/shop-eu", "/shop-eu/de"], ["/shop", "/shopping-evil"]),
        ("urn:shop:*", ["urn:shop:eu"], ["urn:shop", "urn:shopping"]),
        ("https://shop.example*", ["https://shop.example/a"], ["https://shop.example.evil/a"]),
        ("/shop", ["/shop"], ["/shop/eu", "/shopping-evil"]),
        ("*", ["/shop", "anything"], []),
    ],
)
def test_a_pattern_of_sources_ends_at_a_boundary(pattern: str, owned: list[str], others: list[str]) -> None:
    publisher = Publisher(key=SecretStr(KEY), sources=(pattern,))
    assert [source for source in owned + others if publisher.owns_source(source)] == owned


@pytest.mark.parametrize("types", ["*", "orders.*", "orders.inbound.*", "orders.inbound.salesperson_changed"])
def test_no_pattern_of_types_gives_a_right(types: str) -> None:
    publisher = Publisher(key=SecretStr(KEY), sources=("*",), types=(types,))
    assert publisher.owns_type("orders.inbound.salesperson_changed")
    assert not publisher.has("directory")
    assert publisher.has(None)
    assert publisher.model_copy(update={"rights": ("directory",)}).has("directory")


def test_facts_about_people_and_account_owners_need_the_right_directory() -> None:
    asking = {fact.type for facts in TOPICS.values() for fact in facts if fact.right and ".inbound." in fact.type}
    assert asking == {
        "orders.inbound.account_reassigned",
        "orders.inbound.sale_corrected",
        "orders.inbound.salesperson_changed",
    }


def test_the_keys_of_the_operators_page_may_be_used_and_the_shop_has_no_right() -> None:
    page = Path("docs/operators.md").read_text("utf-8")
    block = page.partition("```json\n")[2].partition("```")[0].replace("…16 or more…", KEY, 1)
    keys = PublisherKeys.parse(block.replace("…16 or more…", KEY + "2"))
    shop, directory = keys.publisher(f"Bearer {KEY}"), keys.publisher(f"Bearer {KEY}2")
    assert shop is not None
    assert directory is not None
    assert (shop.has("directory"), directory.has("directory")) == (False, True)
    assert shop.owns_source("/shop/eu")
    assert not shop.owns_source("/shopping-evil")


def test_two_keys_may_belong_to_one_publisher_while_it_changes_them() -> None:
    keys = PublisherKeys.parse(f'{{"shop": {ENTRY}, "shop-new": {ENTRY.replace(KEY, KEY + "2")}}}')
    assert len(keys) == 2
    assert keys.publisher(f"Bearer {KEY}2") is not None


def test_a_key_that_is_too_short_is_refused_with_the_required_length() -> None:
    with pytest.raises(InvalidKeys, match="key: must have at least 16 characters"):
        PublisherKeys.parse(f'{{"shop": {ENTRY.replace(KEY, "short")}}}')


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
        '{"shop": {"key": "a-key-nobody-may-read", "sources": ["shop"], "rights": ["nobody"]}}',
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
