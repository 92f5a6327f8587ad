"""Messages are encrypted as RFC 8291 says, and all alike in length; keys that cannot be used are refused."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from services.escalation.channels.web_push.encryption import (
    LONGEST_PAYLOAD,
    MESSAGE_OCTETS,
    PayloadTooLarge,
    ReceiverKeys,
    encrypt,
    sealed,
)

# RFC 8291, section 5 and appendix A
PLAINTEXT = b"When I grow up, I want to be a watermelon"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
COMPRESSED = "AiVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcx"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
MESSAGE = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml"
    "mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
    "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
KEYS = ReceiverKeys.read(P256DH, AUTH)


def octets(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def private(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(octets(text)), ec.SECP256R1())


def test_the_example_of_the_rfc_is_encrypted_octet_by_octet() -> None:
    message = sealed(PLAINTEXT, KEYS, b"", sender=private(SENDER), salt=octets(SALT))
    assert urlsafe_b64encode(message).decode() == MESSAGE


@pytest.mark.parametrize("length", [0, 1, 600, LONGEST_PAYLOAD])
def test_every_message_has_the_same_length(length: int) -> None:
    assert len(encrypt(bytes(length), KEYS)) == MESSAGE_OCTETS


def test_the_same_payload_is_never_encrypted_alike() -> None:
    first, second = encrypt(PLAINTEXT, KEYS), encrypt(PLAINTEXT, KEYS)
    assert first[:16] != second[:16]
    assert first[21:86] != second[21:86]
    assert first[86:] != second[86:]


def test_a_payload_that_does_not_fit_is_refused_before_it_is_sent() -> None:
    with pytest.raises(PayloadTooLarge, match=r"1,945 octets, and this payload has 1,946"):
        encrypt(bytes(LONGEST_PAYLOAD + 1), KEYS)


@pytest.mark.parametrize(
    ("p256dh", "auth", "words"),
    [
        ("", AUTH, "the key p256dh must have 65 octets, and has 0"),
        (P256DH, "", "the secret auth must have 16 octets, and has 0"),
        (P256DH, AUTH + "AA", "the secret auth must have 16 octets, and has 18"),
        (COMPRESSED, AUTH, "the key p256dh must have 65 octets, and has 33"),
        (P256DH[:-4] + "AAAA", AUTH, "must be an uncompressed point on the curve P-256"),
        ("B" + "A" * 86, AUTH, "must be an uncompressed point on the curve P-256"),
        ("A" * 87, AUTH, "must be an uncompressed point on the curve P-256"),
        (P256DH.replace("-", "+"), AUTH, "the key p256dh must be base64url"),
        (P256DH, "BTBZMqHH6r4Tts7J aSIgg", "the secret auth must be base64url"),
        (P256DH, AUTH + "===", "the secret auth must be base64url"),
        (P256DH, AUTH[:-1], "the secret auth must be base64url: its length is impossible"),
        (P256DH, "ä" * 22, "the secret auth must be base64url"),
    ],
)
def test_unusable_keys_of_a_browser_are_refused_with_what_is_wrong(p256dh: str, auth: str, words: str) -> None:
    with pytest.raises(ValueError) as refused:
        ReceiverKeys.read(p256dh, auth)
    assert words in str(refused.value)
    assert not [given for given in (p256dh, auth) if len(given) > 20 and given[:20] in str(refused.value)]


def test_padded_keys_are_understood() -> None:
    assert ReceiverKeys.read(P256DH + "=", AUTH + "==") == KEYS


def test_keys_are_never_printed() -> None:
    assert repr(KEYS) == "ReceiverKeys()"
