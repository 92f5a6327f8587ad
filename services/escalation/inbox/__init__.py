"""The live pages of salespeople: the sales at risk, the people to call, and the button to acknowledge an episode.

Start at `routes.create_inbox`.
"""

from services.escalation.inbox.dependencies import InboxDependencies
from services.escalation.inbox.errors import show_errors
from services.escalation.inbox.routes import create_inbox
from services.escalation.inbox.sessions import make_sign_in_link

__all__ = ["InboxDependencies", "create_inbox", "make_sign_in_link", "show_errors"]
