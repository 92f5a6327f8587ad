"""Base64url without padding (RFC 4648, section 5), as keys, signatures and tokens are written."""

from base64 import urlsafe_b64decode, urlsafe_b64encode


def written(octets: bytes) -> str:
    """The octets as text."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def octets_of(text: str) -> bytes:
    """The octets of a text, with padding or without; other characters are left out. Raises ValueError for an impossible
    length."""
    unpadded = text.rstrip("=")
    return urlsafe_b64decode(unpadded + "=" * (-len(unpadded) % 4))
