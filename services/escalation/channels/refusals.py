"""Why mail to a person does not arrive, for their manager."""

import re

from services.escalation.domain.channels import REFUSES

_CODE = re.compile(r"\b\d{3}\b|\b5\.\d{1,3}\.\d{1,3}\b")
_UNKNOWN_ADDRESS = re.compile(r"\b5\.1\.\d")
_MAILBOX_FULL = re.compile(r"\b5\.2\.2\b")


def not_delivered(because: str) -> str:
    """The recorded reason as a sentence, with the codes of the mail server (RFC 3463) for the person who repairs it."""
    if _UNKNOWN_ADDRESS.search(because):
        said = "The mail server does not know this address"
    elif _MAILBOX_FULL.search(because):
        said = "The mailbox is full"
    elif because.startswith(REFUSES):
        said = "The mail server refuses messages to this address"
    else:
        return f"{because[:1].upper()}{because[1:]}."
    codes = " ".join(_CODE.findall(because))
    return f"{said} ({codes})." if codes else f"{said}."
