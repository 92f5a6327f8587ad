"""Encrypts a message for one browser (RFC 8291): the push service in between cannot read it. Start at `encrypt`.

Every message has the same size: a push service that sees thousands of them learns nothing from their length.
"""

import os
import re
from binascii import Error
from dataclasses import dataclass, field
from typing import Self

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.base64url import octets_of

MESSAGE_OCTETS = 2_048
"""The size of every encrypted message. Push services accept 4,096 octets (RFC 8030, section 7.2), except that Mozilla's
accepts only 3,070 for Firefox on Android."""
_SALT_OCTETS = 16
_POINT_OCTETS = 65
_SECRET_OCTETS = 16
_TAG_OCTETS = 16
_HEADER_OCTETS = _SALT_OCTETS + 4 + 1 + _POINT_OCTETS
_RECORD_OCTETS = 4_096
_LAST_RECORD = b"\x02"
LONGEST_PAYLOAD = MESSAGE_OCTETS - _HEADER_OCTETS - _TAG_OCTETS - len(_LAST_RECORD)
"""The number of octets that fit into a message."""
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*={0,2}")
_CURVE = ec.SECP256R1()


class PayloadTooLarge(ValueError):
    """A payload does not fit into a message; carries both sizes in octets."""


@dataclass(frozen=True, slots=True)
class ReceiverKeys:
    """The keys of a browser's subscription: a point on P-256, and a secret of 16 octets. Neither is ever printed."""

    public: bytes = field(repr=False)
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _check_length("the key p256dh", self.public, _POINT_OCTETS)
        _check_length("the secret auth", self.secret, _SECRET_OCTETS)
        _point(self.public)

    @classmethod
    def read(cls, p256dh: str, auth: str) -> Self:
        """The keys as browsers write them, in base64url. Raises ValueError, which says what is wrong with which."""
        return cls(_octets("the key p256dh", p256dh), _octets("the secret auth", auth))


def encrypt(payload: bytes, receiver: ReceiverKeys) -> bytes:
    """The body of a request to the push service: `payload`, padded and encrypted. Raises PayloadTooLarge."""
    if len(payload) > LONGEST_PAYLOAD:
        raise PayloadTooLarge(f"a message holds {LONGEST_PAYLOAD:,} octets, and this payload has {len(payload):,}")
    padding = bytes(LONGEST_PAYLOAD - len(payload))
    return sealed(payload, receiver, padding, sender=ec.generate_private_key(_CURVE), salt=os.urandom(_SALT_OCTETS))


def sealed(
    payload: bytes, receiver: ReceiverKeys, padding: bytes, *, sender: ec.EllipticCurvePrivateKey, salt: bytes
) -> bytes:
    """One record of RFC 8188, with the keys of RFC 8291, section 3.4. `sender` and `salt` serve one message only."""
    own_public = sender.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    shared = sender.exchange(ec.ECDH(), _point(receiver.public))
    about = b"WebPush: info\x00" + receiver.public + own_public
    material = HKDF(SHA256(), 32, receiver.secret, about).derive(shared)
    key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(material)
    nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(material)
    header = salt + _RECORD_OCTETS.to_bytes(4) + bytes([len(own_public)]) + own_public
    return header + AESGCM(key).encrypt(nonce, payload + _LAST_RECORD + padding, None)


def _octets(name: str, text: str) -> bytes:
    if not _BASE64URL.fullmatch(text):
        raise ValueError(f"{name} must be base64url")
    try:
        return octets_of(text)
    except Error:
        raise ValueError(f"{name} must be base64url: its length is impossible") from None


def _check_length(name: str, value: bytes, octets: int) -> None:
    if len(value) != octets:
        raise ValueError(f"{name} must have {octets} octets, and has {len(value)}")


def _point(public: bytes) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, public)
    except ValueError:
        raise ValueError("the key p256dh must be an uncompressed point on the curve P-256") from None
