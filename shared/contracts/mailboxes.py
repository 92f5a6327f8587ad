"""E-mail addresses: where mail can be sent, and which spellings are one address. Start at `mailbox_of`.

A domain is compared and sent in its ASCII form, as browsers have it: Unicode Technical Standard 46, nontransitional,
without the checks of registries.
"""

import re
from dataclasses import dataclass
from unicodedata import normalize

from idna import IDNAError, uts46_remap

_ATOM = r'[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff()<>\[\]:;@\\,."]+'
_MAILBOX = re.compile(rf"(?P<local>{_ATOM}(\.{_ATOM})*)@(?P<domain>[^@]+)")
_DOMAIN = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_ENCODED_WORD = "=?"
_LONGEST_LABEL = 63
"""Octets of a part of a domain (RFC 1035, section 2.3.4)."""


class NotAMailbox(ValueError):
    """No mail can be sent to this. It never repeats the address."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where mail is sent: the local part in Unicode form NFC, the domain in ASCII and lower case."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def mailbox_of(text: str) -> Mailbox:
    """The one mailbox that a text is. Raises NotAMailbox for quoted names, comments, literals such as [127.0.0.1], and
    all that mail programs read as several addresses, as another one or as none."""
    parts = _MAILBOX.fullmatch(text)
    if parts is None or _ENCODED_WORD in text:
        raise NotAMailbox
    return Mailbox(normalize("NFC", parts["local"]), _ascii_domain(parts["domain"]))


def can_be_written_to(text: str) -> bool:
    try:
        mailbox_of(text)
    except NotAMailbox:
        return False
    return True


def compared(text: str) -> str:
    """The form in which addresses are compared: capitals, Unicode forms and the ASCII form of a domain make no other
    address. What is no mailbox is compared by its letters alone."""
    try:
        mailbox = mailbox_of(text)
    except NotAMailbox:
        return _lower(text)
    return f"{_lower(mailbox.local)}@{mailbox.domain}"


def is_same_address(one: str | None, other: str | None) -> bool:
    """Whether two spellings are one address; none equals none."""
    return one == other or compared(one or "") == compared(other or "")


def _lower(text: str) -> str:
    """Lower case, not folded: ß and ss are the names of two people."""
    return normalize("NFC", normalize("NFC", text).lower())


def _ascii_domain(domain: str) -> str:
    try:
        labels = [_ascii_label(label) for label in uts46_remap(domain, std3_rules=False).split(".")]
    except (IDNAError, UnicodeError):
        raise NotAMailbox from None
    ascii_domain = ".".join(labels)
    if not _DOMAIN.fullmatch(ascii_domain) or max(map(len, labels)) > _LONGEST_LABEL:
        raise NotAMailbox
    return ascii_domain


def _ascii_label(label: str) -> str:
    return label if label.isascii() else f"xn--{label.encode('punycode').decode()}"
