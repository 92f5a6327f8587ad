"""Identifies this installation to push services (VAPID, RFC 8292). Start at `VapidKey.read`.

A browser subscribes with the public key, and its push service then accepts messages only with signatures of that key: a
subscription works with one key only.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from py_vapid import Vapid02
from py_vapid.jwt import sign

from shared.base64url import written

VALID_FOR = timedelta(hours=12)
"""How long a signature is valid: half of the day that RFC 8292 allows, for a clock of ours that is wrong."""
_RENEWED_BEFORE_END = timedelta(hours=1)
_MOST_ORIGINS = 1_000
_FINGERPRINT_LENGTH = 12
_SUBJECT = re.compile(r"(?:mailto:[^@\s]+@|https://)(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?:[:/?]\S*)?")
_NOT_PUBLIC = ("localhost", ".localhost", ".local", ".internal", ".invalid", ".test", ".example")
_PEM = re.compile(r"-----BEGIN (?:EC )?PRIVATE KEY-----.*?-----END (?:EC )?PRIVATE KEY-----", re.DOTALL)
_KEY_FORMS = "must be a private key on the curve P-256, as PEM or as 43 characters of base64url"


@dataclass(frozen=True, slots=True)
class _Signed:
    header: str
    ends_at: datetime

    def serves(self, now: datetime) -> bool:
        """Whether it is valid for long enough, and not made by a clock that has since been set back."""
        return _RENEWED_BEFORE_END < self.ends_at - now <= VALID_FOR


class VapidKey:
    """The key pair of an installation, and the contact (`subject`) for operators of push services."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, *, subject: str) -> None:
        found = _SUBJECT.fullmatch(subject)
        if found is None:
            raise ValueError("PUSH_CONTACT must be an address like mailto:oncall@company.com, or an https:// address")
        self._host = found["host"].lower()
        self._subject = subject
        self._key = key
        self._signed: dict[str, _Signed] = {}
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.public = written(point)
        self.fingerprint = sha256(point).hexdigest()[:_FINGERPRINT_LENGTH]

    @classmethod
    def read(cls, text: str, *, subject: str) -> Self:
        """The key of this text: PEM, or the 32 octets of the number in base64url. Raises ValueError."""
        return cls(_private_key(text.strip()), subject=subject)

    @property
    def notes(self) -> list[str]:
        """What operators should know of how it is set up."""
        if "." in self._host and not self._host.endswith(_NOT_PUBLIC):
            return []
        return ["Apple's push service refuses every message: the host in PUSH_CONTACT is not a public one"]

    def authorization(self, origin: str, now: datetime) -> str:
        """The value of the header Authorization for a push service, like `https://push.example.com`."""
        signed = self._signed.get(origin)
        if signed is None or not signed.serves(now):
            signed = self._sign(origin, now + VALID_FOR)
            if len(self._signed) >= _MOST_ORIGINS:
                self._signed.clear()
            self._signed[origin] = signed
        return signed.header

    def _sign(self, origin: str, ends_at: datetime) -> _Signed:
        claims = {"aud": origin, "exp": int(ends_at.timestamp()), "sub": self._subject}
        return _Signed(f"vapid t={sign(claims, self._key)}, k={self.public}", ends_at)


def _private_key(text: str) -> ec.EllipticCurvePrivateKey:
    """The key of this text; errors of the libraries are not passed on, since they may quote it."""
    try:
        if (found := _PEM.search(text)) is not None:  # OpenSSL writes the curve's parameters in front of it
            key = load_pem_private_key(found[0].encode(), password=None)
        else:
            key = Vapid02.from_string(text).private_key
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError(f"PUSH_KEY {_KEY_FORMS}") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError(f"PUSH_KEY {_KEY_FORMS}")
    return key
