"""The local browser reads what was encrypted for it: written apart from each other, one checks the other."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.push_keys import BrowserKeys, unwritten
from services.escalation.channels.web_push.encryption import LONGEST_PAYLOAD, ReceiverKeys, encrypt
from tests.unit.test_push_encryption import AUTH, KEYS, MESSAGE, P256DH, PLAINTEXT

# RFC 8291, section 5 and appendix A
BROWSER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"


def example() -> BrowserKeys:
    return BrowserKeys(ec.derive_private_key(int.from_bytes(unwritten(BROWSER)), ec.SECP256R1()), unwritten(AUTH))


def test_the_local_browser_reads_the_example_of_the_rfc() -> None:
    assert (example().p256dh, example().auth) == (P256DH, AUTH)
    assert example().read(unwritten(MESSAGE)) == PLAINTEXT


@given(st.binary(max_size=LONGEST_PAYLOAD))
def test_a_browser_reads_every_payload(payload: bytes) -> None:
    browser = BrowserKeys.new()
    assert browser.read(encrypt(payload, ReceiverKeys.read(browser.p256dh, browser.auth))) == payload


def test_keys_survive_being_stored() -> None:
    stored = BrowserKeys.stored(example().storable)
    assert (stored.p256dh, stored.auth) == (P256DH, AUTH)


def test_another_browser_reads_nothing() -> None:
    with pytest.raises(ValueError, match="not for this browser"):
        BrowserKeys.new().read(encrypt(PLAINTEXT, KEYS))


@pytest.mark.parametrize("length", [0, 16, 20, 21, 86, 103])
def test_a_message_that_is_cut_is_not_read(length: int) -> None:
    with pytest.raises(ValueError):
        example().read(unwritten(MESSAGE)[:length])
