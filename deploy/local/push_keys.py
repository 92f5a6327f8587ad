"""A browser's part of Web push: its keys, and how it reads a message (RFC 8291). Start at BrowserKeys.

Written for itself, from the two standards: it shares no code with what encrypts.
"""

import hashlib
import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from deploy.local.files import opened_for_owner

_SALT_END, _SIZE_END, _KEY_START = 16, 20, 21


@dataclass(frozen=True)
class BrowserKeys:
    """The private key and the secret of one subscription."""

    private: ec.EllipticCurvePrivateKey = field(repr=False)
    secret: bytes = field(repr=False)

    @classmethod
    def new(cls) -> Self:
        """Keys of a new subscription."""
        return cls(ec.generate_private_key(ec.SECP256R1()), os.urandom(16))

    @classmethod
    def stored(cls, text: str) -> Self:
        """The keys that `storable` wrote."""
        number, _, secret = text.partition(".")
        return cls(ec.derive_private_key(int(number, 16), ec.SECP256R1()), unwritten(secret))

    @property
    def storable(self) -> str:
        """Both keys as one word."""
        return f"{self.private.private_numbers().private_value:064x}.{self.auth}"

    @property
    def p256dh(self) -> str:
        """The public key as a browser reports it."""
        return written(self._public)

    @property
    def auth(self) -> str:
        """The secret as a browser reports it."""
        return written(self.secret)

    @property
    def _public(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def read(self, message: bytes) -> bytes:
        """The content of an encrypted message. Raises ValueError for one that this browser could not read."""
        salt, size = message[:_SALT_END], int.from_bytes(message[_SALT_END:_SIZE_END])
        key_end = _KEY_START + (message[_SIZE_END] if len(message) > _SIZE_END else 0)
        public, record = message[_KEY_START:key_end], message[key_end:]
        if not 17 <= len(record) <= size:
            raise ValueError("the message is not one record of aes128gcm")
        try:
            sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
            shared = self.private.exchange(ec.ECDH(), sender)
            key, nonce = self._derived(shared, public, salt)
            content = AESGCM(key).decrypt(nonce, record, None).rstrip(b"\0")
        except (InvalidTag, ValueError):
            raise ValueError("the message is not for this browser") from None
        if not content.endswith(b"\x02"):
            raise ValueError("the message does not end with its last record")
        return content[:-1]

    def _derived(self, shared: bytes, sender: bytes, salt: bytes) -> tuple[bytes, bytes]:
        """Key and nonce, by the steps that RFC 8291 (section 3.4) spells out with HMAC."""
        first = hmac.digest(self.secret, shared, hashlib.sha256)
        material = hmac.digest(first, b"WebPush: info\0" + self._public + sender + b"\x01", hashlib.sha256)
        second = hmac.digest(salt, material, hashlib.sha256)
        key = hmac.digest(second, b"Content-Encoding: aes128gcm\0\x01", hashlib.sha256)
        return key[:16], hmac.digest(second, b"Content-Encoding: nonce\0\x01", hashlib.sha256)[:12]


def sender_key(file: Path) -> Path:
    """A file with a key for PUSH_KEY, made where it is missing."""
    if not file.is_file():
        with open(file, "w", opener=opened_for_owner) as opened:
            opened.write(new_sender_key())
    return file


def new_sender_key() -> str:
    """A new key for PUSH_KEY: its number in base64url."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return written(number.to_bytes(32))


def written(octets: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def unwritten(text: str) -> bytes:
    """The octets of base64url without padding. Raises ValueError."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
