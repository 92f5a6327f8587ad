"""An alert as an e-mail: the same order of facts as on the page, plain text and HTML equal in content, no tracking."""

from email.message import EmailMessage
from email.policy import SMTP
from uuid import UUID
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from services.escalation.domain.words import absolute, ago, why_now
from services.escalation.store.deliveries import Letter

_SUBJECT_LENGTH = 150
_CALLABLE = str.maketrans("", "", " ()-./")


class Letters:
    """Composes messages. Holds the templates, which are read once."""

    def __init__(self, *, sender: str, inbox_url: str) -> None:
        self._sender = sender
        self._domain = sender.rpartition("@")[2].strip("<> ") or "localhost"
        self._inbox_url = inbox_url.rstrip("/")
        self._templates = Environment(
            loader=PackageLoader("services.escalation.channels"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def alert(self, letter: Letter) -> EmailMessage:
        """The message for one delivery; its Message-ID is the delivery's, however often it is sent."""
        now = why_now([signal.risk for signal in letter.signals])
        who = letter.customer_name or f"Account {letter.account_id}"
        fields = {
            "letter": letter,
            "who": who,
            "why_now": now.sentence(letter.now),
            "signals": [(absolute(s.risk.at), why_now([s.risk]).what, s.words) for s in reversed(letter.signals)],
            "phone_link": (letter.customer_phone or "").translate(_CALLABLE),
            "local_time": _local_time(letter),
            "url": f"{self._inbox_url}/episodes/{letter.episode_id}",
        }
        subject = f"{who}: {now.what}, {ago(now.at, letter.now)} · {letter.amount}"
        return self._message(str(letter.recipient_email), subject, "alert", letter.delivery_id, fields)

    def sign_in(self, *, address: str, name: str, url: str, message: UUID) -> EmailMessage:
        """The message that carries a one-time link."""
        return self._message(address, "Your sign-in link", "sign_in", message, {"name": name, "url": url})

    def _message(self, to: str, subject: str, template: str, id: UUID, fields: dict[str, object]) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = self._sender
        message["To"] = to
        message["Subject"] = " ".join(subject.split())[:_SUBJECT_LENGTH]
        message["Message-ID"] = f"<{id}@{self._domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self._templates.get_template(f"{template}.txt").render(fields))
        message.add_alternative(self._templates.get_template(f"{template}.html").render(fields), subtype="html")
        return message


def _local_time(letter: Letter) -> str | None:
    if letter.customer_zone is None:
        return None
    return f"{letter.now.astimezone(ZoneInfo(letter.customer_zone)):%H:%M}"
