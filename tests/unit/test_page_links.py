"""Links to the page of a case: only exactly what was signed, with a key that still counts, is read."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from services.support.api.links import PURPOSE, PageLink, PageLinks
from shared.base64url import octets_of, written
from shared.http.reader_keys import ReaderKeys
from shared.ids import AccountId, CaseId
from tests.examples import examples

OLD, NEW = b"o" * 32, b"n" * 32
LINK = PageLink(AccountId("c-17"), CaseId("CS-1"), "Europe/Berlin", datetime(2026, 5, 4, 9, 45, tzinfo=UTC))
OURS = PageLinks([OLD, NEW])
TEXT = OURS.signed(LINK, place=0)
SAID, SIGNATURE = TEXT.split(".")


def said_of(*members: object) -> str:
    return written(json.dumps(members).encode())


@pytest.mark.parametrize("place", [0, 1])
def test_a_link_is_read_whichever_key_signed_it(place: int) -> None:
    assert OURS.read(OURS.signed(LINK, place=place)) == LINK


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param(".", id="a dot"),
        pytest.param(SAID, id="no signature"),
        pytest.param(f"{SAID}.", id="an empty signature"),
        pytest.param(f".{SIGNATURE}", id="only a signature"),
        pytest.param(f"{said_of('c-17', 'CS-2', 'Europe/Berlin', 1777887900)}.{SIGNATURE}", id="another case"),
        pytest.param(f"{said_of('c-18', 'CS-1', 'Europe/Berlin', 1777887900)}.{SIGNATURE}", id="another account"),
        pytest.param(f"{said_of('c-17', 'CS-1', 'Europe/Berlin', 1777888900)}.{SIGNATURE}", id="another time"),
        pytest.param(f"{SAID}.{SIGNATURE}.", id="a dot more"),
        pytest.param(f"{TEXT}=", id="padding"),
        pytest.param(f" {TEXT}", id="a blank before it"),
        pytest.param(f"{SAID}.{SIGNATURE[:-1]}", id="a cut signature"),
        pytest.param(f"{SAID}.{SIGNATURE.swapcase()}", id="another case of letters"),
        pytest.param(f"{SAID}.{'A' * 43}", id="another signature"),
        pytest.param(f"{TEXT}é", id="a letter beyond ASCII"),
        pytest.param(f"{TEXT}\udcff", id="no text"),
        pytest.param(f"{'A' * 100_000}.{SIGNATURE}", id="very long"),
        pytest.param(PageLinks([b"x" * 32]).signed(LINK, place=0), id="the key of someone else"),
    ],
)
def test_anything_else_is_no_link(text: str) -> None:
    assert OURS.read(text) is None


def test_no_other_spelling_of_a_signature_is_read() -> None:
    """The last letter of 32 octets has two bits that mean nothing."""
    alike = [
        f"{SAID}.{SIGNATURE[:-1]}{letter}"
        for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        if octets_of(SIGNATURE[:-1] + letter) == octets_of(SIGNATURE)
    ]
    assert len(alike) == 4
    assert [text for text in alike if OURS.read(text)] == [TEXT]


def test_a_link_ends_with_the_key_that_signed_it() -> None:
    by_the_new = OURS.signed(LINK, place=1)
    rotated = PageLinks([NEW])
    assert (rotated.read(TEXT), rotated.read(by_the_new)) == (None, LINK)
    assert PageLinks(()).read(by_the_new) is None


def test_each_reader_has_its_own_secret_which_does_not_show_its_key() -> None:
    readers = ReaderKeys([SecretStr("a-key-nobody-may-read"), SecretStr("another-key-for-rotation")])
    old, new = readers.secrets_for(PURPOSE)
    assert (len(old), len(new)) == (32, 32)
    assert len({old, new, *readers.secrets_for("another purpose")}) == 4
    assert ReaderKeys([SecretStr("another-key-for-rotation")]).secrets_for(PURPOSE) == (new,)


@examples(200)
@given(account=st.text(min_size=1, max_size=200), case=st.text(min_size=1, max_size=200))
def test_every_id_comes_back_as_it_was(account: str, case: str) -> None:
    link = replace(LINK, account=AccountId(account), case=CaseId(case))
    text = OURS.signed(link, place=0)
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    assert OURS.read(text) == link
