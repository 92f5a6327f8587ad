"""E-mail: a letter is composed by `letters` and sent through the mail server of `smtp`. Notices and sign-in links are
sent here too."""

from collections.abc import Callable, Sequence
from functools import partial

from services.escalation.channels.channel import Ended, Trouble
from services.escalation.channels.letters import Letters
from services.escalation.channels.smtp import COMPOSING_ERRORS, Mail, MailServer
from services.escalation.domain.channels import EMAIL
from services.escalation.domain.delivery_facts import Attempt
from services.escalation.store.deliveries import Letter
from services.escalation.store.lists import ListLetter
from shared.contracts.mailboxes import NotAMailbox
from shared.database import Pool


class EmailChannel:
    """Alerts by e-mail. A message of unknown outcome is sent again with the same Message-ID."""

    definition = EMAIL
    at_once = 10

    def __init__(self, server: MailServer, letters: Letters) -> None:
        self._server = server
        self.letters = letters

    @property
    def notes(self) -> Sequence[str]:
        """Remarks for operators on the mail server."""
        return self._server.notes

    def compose(self, letter: Letter | ListLetter) -> Mail | Ended:
        """The message for an alert or a list. See `Channel`."""
        if isinstance(letter, ListLetter):
            return _written(partial(self.letters.ranked_list, letter))
        return _written(partial(self.letters.alert, letter))

    async def send(self, _pool: Pool, message: Mail) -> Ended:
        """Send once, in bounded time."""
        return await self._server.send(message)

    async def write_and_send(self, write: Callable[[], Mail]) -> Ended:
        """Send a message that is not an alert: a notice, or a sign-in link."""
        mail = _written(write)
        return mail if isinstance(mail, Ended) else await self._server.send(mail)


def _written(write: Callable[[], Mail]) -> Mail | Ended:
    """The message, or a refusal like the server's if it cannot be composed."""
    try:
        return write()
    except NotAMailbox:
        return Ended(Attempt.REFUSED, "e-mail cannot be sent to this address", Trouble.ADDRESS)
    except COMPOSING_ERRORS as error:
        return Ended(Attempt.REFUSED, f"the message cannot be composed ({type(error).__name__})", Trouble.COMPOSING)
