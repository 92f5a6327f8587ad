"""The signature by which a push service knows this installation: as RFC 8292 wants it, made once for hours."""

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from services.escalation.channels.web_push.vapid import VALID_FOR, VapidKey

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
ORIGIN = "https://push.example.com"
SUBJECT = "mailto:oncall@company.com"
RAW = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
PUBLIC = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
KEY = VapidKey.read(RAW, subject=SUBJECT)


def octets(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


NUMBER = int.from_bytes(octets(RAW))
PLAIN = NoEncryption()
PRIVATE = ec.derive_private_key(NUMBER, ec.SECP256R1())


def pem(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = PRIVATE,
    form: PrivateFormat = PrivateFormat.PKCS8,
    encryption: KeySerializationEncryption = PLAIN,
) -> str:
    return key.private_bytes(Encoding.PEM, form, encryption).decode()


def parts(authorization: str) -> tuple[dict[str, str], dict[str, object], str, str]:
    """The token's header, claims and text, and the key named beside it."""
    scheme, _, rest = authorization.partition(" ")
    assert scheme == "vapid"
    found = dict(part.split("=", 1) for part in rest.split(", "))
    header, claims, _ = found["t"].split(".")
    return json.loads(octets(header)), json.loads(octets(claims)), found["t"], found["k"]


def test_the_signature_names_the_service_its_end_and_a_contact() -> None:
    header, claims, token, public = parts(KEY.authorization(ORIGIN, NOW))
    assert header == {"typ": "JWT", "alg": "ES256"}
    assert claims == {"aud": ORIGIN, "exp": int((NOW + VALID_FOR).timestamp()), "sub": SUBJECT}
    assert public == KEY.public == PUBLIC
    signed, _, signature = token.rpartition(".")
    numbers = int.from_bytes(octets(signature)[:32]), int.from_bytes(octets(signature)[32:])
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), octets(public))
    point.verify(encode_dss_signature(*numbers), signed.encode(), ec.ECDSA(SHA256()))


def test_it_is_made_once_for_each_service_until_an_hour_before_its_end() -> None:
    first = KEY.authorization(ORIGIN, NOW)
    assert KEY.authorization("https://other.example.com", NOW) != first
    assert KEY.authorization(ORIGIN, NOW + timedelta(hours=10, minutes=59)) is first
    assert KEY.authorization(ORIGIN, NOW + timedelta(hours=11)) != first


def test_a_clock_that_was_set_back_gets_a_new_one() -> None:
    key = VapidKey.read(RAW, subject=SUBJECT)
    early = NOW - timedelta(days=1)
    key.authorization(ORIGIN, NOW)
    assert parts(key.authorization(ORIGIN, early))[1]["exp"] == int((early + VALID_FOR).timestamp())


def test_many_services_do_not_fill_the_memory() -> None:
    key = VapidKey.read(RAW, subject=SUBJECT)
    for number in range(1_001):
        key.authorization(f"https://{number}.example.com", NOW)
    assert len(key._signed) <= 1_000


@pytest.mark.parametrize(
    "text",
    [
        RAW,
        f"{RAW}=\n",
        pem(),
        pem(form=PrivateFormat.TraditionalOpenSSL),
        "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
        + pem(form=PrivateFormat.TraditionalOpenSSL),
        "".join(pem().splitlines()[1:-1]),
    ],
    ids=["raw", "padded", "PKCS8", "SEC1", "as OpenSSL writes it", "DER"],
)
def test_a_key_is_read_in_every_usual_form(text: str) -> None:
    assert VapidKey.read(text, subject=SUBJECT).public == PUBLIC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not a key",
        PUBLIC,
        RAW[:-2],
        "A" * 43,
        "_" * 42 + "8",
        "ä" * 43,
        pem()[:150],
        pem(encryption=BestAvailableEncryption(b"secret")),
        pem(ec.generate_private_key(ec.SECP384R1())),
        pem(rsa.generate_private_key(65_537, 1_024)),
    ],
    ids=["empty", "words", "public", "short", "zero", "too great", "ä", "cut", "encrypted", "P-384", "RSA"],
)
def test_an_unusable_key_is_refused_without_a_word_of_it(text: str) -> None:
    with pytest.raises(ValueError) as refused:
        VapidKey.read(text, subject=SUBJECT)
    assert str(refused.value).startswith("PUSH_KEY must be a private key on the curve P-256")
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_another_key_has_another_fingerprint() -> None:
    other = VapidKey(ec.generate_private_key(ec.SECP256R1()), subject=SUBJECT)
    assert len(KEY.fingerprint) == len(other.fingerprint) == 12
    assert KEY.fingerprint == VapidKey.read(pem(), subject="https://company.com").fingerprint != other.fingerprint


@pytest.mark.parametrize(
    "subject", ["", "oncall@company.com", "mailto:", "mailto:oncall", "http://company.com", "mailto:a@b.c\n"]
)
def test_a_contact_is_an_address(subject: str) -> None:
    with pytest.raises(ValueError, match="PUSH_CONTACT must be"):
        VapidKey.read(RAW, subject=subject)


@pytest.mark.parametrize(
    ("subject", "is_public"),
    [
        (SUBJECT, True),
        ("https://company.com/oncall?team=sales", True),
        ("mailto:oncall@localhost", False),
        ("mailto:oncall@company.local", False),
        ("https://handoff.example:8443/", False),
    ],
)
def test_operators_learn_that_apple_refuses_a_contact_inside_a_company(subject: str, is_public: bool) -> None:
    key = VapidKey.read(RAW, subject=subject)
    assert key.authorization(ORIGIN, NOW)
    assert (key.notes == []) is is_public
