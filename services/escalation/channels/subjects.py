"""The subject of a message: so that a mail program shows exactly this text, see `Subject`; the trouble in few words."""

from email.header import Header
from email.policy import Policy

from services.escalation.domain.words import Risk, WhyNow

_LONGEST_WORD = 60
_WHAT_LENGTH = 50


def trouble_in_short(main: Risk, now: WhyNow) -> str:
    """The trouble within a subject: a refund with its amount, else the label; the customer is already named."""
    what = now.what if main.requested is not None and len(now.what) <= _WHAT_LENGTH else now.label
    return within(what)


def within(label: str) -> str:
    """A label in the middle of a line."""
    return f"{label[0].lower()}{label[1:]}"


class Subject(str):
    """Folds itself: the library writes an encoded word beside blanks that readers then see twice or at the beginning.

    Plain words are folded at blanks; other text is encoded as a whole, with its blanks.
    """

    __slots__ = ()
    name = "Subject"

    def fold(self, *, policy: Policy) -> str:
        """The subject as lines of a message; a policy of the library calls this."""
        plain = self.isascii() and max(map(len, self.split()), default=0) <= _LONGEST_WORD
        header = Header(self, "us-ascii" if plain else "utf-8", header_name=self.name)
        return f"{self.name}: {header.encode(linesep=policy.linesep)}{policy.linesep}"
