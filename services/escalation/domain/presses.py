"""Proof that the button of a notification was pressed on the device that it was sent to: it needs no sign-in."""

import hmac
from hashlib import sha256
from uuid import UUID

from shared.base64url import written

PRESS_KEY_OCTETS = 32


def press_token(press_key: bytes, alert: UUID, until_ms: int) -> str:
    """The proof for one alert on one device, which holds until a time in milliseconds since 1970 (RFC 2104)."""
    return written(hmac.digest(press_key, f"{alert}|{until_ms}".encode(), sha256))


def is_proven(token: str, press_key: bytes, alert: UUID, until_ms: int) -> bool:
    """Whether this is the proof."""
    return hmac.compare_digest(token.encode(), press_token(press_key, alert, until_ms).encode())
