"""What a push service checks of a request, as RFC 8030 and RFC 8292 have it. Start at content_of."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from deploy.local.push_keys import unwritten
from deploy.local.push_store import Subscription

LONGEST_MESSAGE = 4_096
_LONGEST_SIGNATURE = timedelta(days=1)
_TTL = re.compile(r"[0-9]{1,10}")
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
_URGENCIES = ("very-low", "low", "normal", "high")
_IDENTITY = re.compile(r"vapid t=(?P<token>[\w-]+\.[\w-]+\.[\w-]+), ?k=(?P<key>[\w-]+)", re.ASCII)


class Refused(Exception):
    """A request that a push service refuses; carries the HTTP status and the reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def content_of(
    body: bytes, headers: Mapping[str, str], subscription: Subscription, *, origin: str, now_seconds: float
) -> bytes:
    """The content of a message, as the browser reads it. Raises Refused."""
    if len(body) > LONGEST_MESSAGE:
        raise Refused(413, f"the message has more than {LONGEST_MESSAGE} octets")
    _check_identity(headers.get("authorization"), subscription, origin, now_seconds)
    if not _TTL.fullmatch(headers.get("ttl", "")):
        raise Refused(400, "the header TTL is missing or not a number")
    if headers.get("content-encoding") != "aes128gcm":
        raise Refused(400, "the header Content-Encoding must be aes128gcm")
    if "topic" in headers and not _TOPIC.fullmatch(headers["topic"]):
        raise Refused(400, "the header Topic must have at most 32 characters of base64url")
    if headers.get("urgency", "normal") not in _URGENCIES:
        raise Refused(400, "the header Urgency is none of those in RFC 8030")
    try:
        return subscription.browser.read(body)
    except ValueError as error:
        raise Refused(400, str(error)) from None


def _check_identity(written: str | None, subscription: Subscription, origin: str, now_seconds: float) -> None:
    found = _IDENTITY.fullmatch(written or "")
    if found is None:
        raise Refused(401, "the header Authorization is no VAPID signature")
    token, key = found["token"], found["key"]
    try:
        _check_signature(token, key)
        claims = json.loads(unwritten(token.split(".")[1]))
        audience, ends_at, contact = claims["aud"], float(claims["exp"]), str(claims["sub"])
    except (InvalidSignature, ValueError, KeyError, TypeError):
        raise Refused(403, "the VAPID signature is wrong") from None
    if audience != origin:
        raise Refused(403, "the VAPID signature is for another push service")
    if not now_seconds < ends_at <= now_seconds + _LONGEST_SIGNATURE.total_seconds():
        raise Refused(403, "the VAPID signature has ended, or lasts longer than a day")
    if not contact.startswith(("mailto:", "https://")):
        raise Refused(403, "the VAPID signature names no contact")
    if subscription.sender is not None and subscription.sender != key:
        raise Refused(403, "the subscription is for another VAPID key")


def _check_signature(token: str, key: str) -> None:
    """Raises InvalidSignature, or ValueError for a key or token that is none."""
    signed, _, signature = token.rpartition(".")
    numbers = unwritten(signature)
    if len(numbers) != 64 or json.loads(unwritten(token.split(".")[0])).get("alg") != "ES256":
        raise InvalidSignature
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unwritten(key))
    written = encode_dss_signature(int.from_bytes(numbers[:32]), int.from_bytes(numbers[32:]))
    public.verify(written, signed.encode(), ec.ECDSA(SHA256()))
