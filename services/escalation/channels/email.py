"""E-mail: a letter is written by `letters` and sent through the mail server of `smtp`. What else goes by e-mail is sent
here too: notices and sign-in links."""

from collections.abc import Callable, Sequence
from functools import partial

from services.escalation.channels.channel import Ended, Trouble
from services.escalation.channels.letters import Letters
from services.escalation.channels.smtp import COMPOSING_ERRORS, Mail, MailServer
from services.escalation.domain.channels import EMAIL
from services.escalation.domain.own_facts import Attempt
from services.escalation.store.deliveries import Letter
from services.escalation.store.lists import ListLetter
from shared.contracts.mailboxes import NotAMailbox


class EmailChannel:
    """Alerts by e-mail. A message of unknown outcome is sent again with the same Message-ID."""

    definition = EMAIL

    def __init__(self, server: MailServer, letters: Letters) -> None:
        self._server = server
        self.letters = letters

    @property
    def notes(self) -> Sequence[str]:
        """What operators should know of the mail server."""
        return self._server.notes

    def compose(self, letter: Letter | ListLetter) -> Mail | Ended:
        """The message for an alert or a list. See `Channel`."""
        if isinstance(letter, ListLetter):
            return _written(partial(self.letters.ranked_list, letter))
        return _written(partial(self.letters.alert, letter))

    async def send(self, message: Mail) -> Ended:
        """Send once, in bounded time."""
        return await self._server.send(message)

    async def write_and_send(self, write: Callable[[], Mail]) -> Ended:
        """Send what is no alert: a notice, or a sign-in link."""
        mail = _written(write)
        return mail if isinstance(mail, Ended) else await self.send(mail)


def _written(write: Callable[[], Mail]) -> Mail | Ended:
    """A message that cannot be written is refused, like one that the server refuses."""
    try:
        return write()
    except NotAMailbox:
        return Ended(Attempt.REFUSED, "e-mail cannot be sent to this address", Trouble.ADDRESS)
    except COMPOSING_ERRORS as error:
        return Ended(Attempt.REFUSED, f"the message cannot be composed ({type(error).__name__})", Trouble.COMPOSING)
