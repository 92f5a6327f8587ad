"""Links to the page of a case: signed, for one case, and valid for some minutes. Start at `PageLinks`."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from services.support.domain import CaseKey
from shared.base64url import octets_of, written
from shared.ids import AccountId, CaseId

PURPOSE = "link to the page of a case, 1"
"""What the secrets of these links are for. Another form of links needs another purpose."""
_LONGEST = 4_096


@dataclass(frozen=True, slots=True)
class PageLink:
    """What a link says: the case, the time zone in which its reader is shown times, and when it expires (in whole
    seconds)."""

    account: AccountId
    case: CaseId
    zone: str
    expires_at: datetime

    @property
    def key(self) -> CaseKey:
        return CaseKey(self.account, self.case)


class PageLinks:
    """Signs links with the secret of one reader, and reads those that were signed with any of them."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._secrets = tuple(secrets)

    def signed(self, link: PageLink, *, place: int) -> str:
        """The link as text for an address, signed with the secret at this place."""
        said = [link.account, link.case, link.zone, int(link.expires_at.timestamp())]
        text = written(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode())
        return f"{text}.{_signature(text, self._secrets[place])}"

    def read(self, text: str) -> PageLink | None:
        """The link of a text, even if it has expired; None if we did not sign exactly this text."""
        said, _, signature = text.partition(".")
        if len(text) > _LONGEST or not text.isascii() or not self._is_ours(said, signature):
            return None
        account, case, zone, expires = json.loads(octets_of(said))
        return PageLink(AccountId(account), CaseId(case), zone, datetime.fromtimestamp(expires, UTC))

    def _is_ours(self, said: str, signature: str) -> bool:
        """Compares with each secret, in the same time for all of them."""
        fits = [hmac.compare_digest(_signature(said, secret), signature) for secret in self._secrets]
        return any(fits)


def _signature(text: str, secret: bytes) -> str:
    return written(hmac.digest(secret, text.encode(), hashlib.sha256))
