"""Handles events: load their accounts' state, decide event by event, save. Start at `handling`."""

from collections.abc import Sequence
from functools import partial

from services.escalation.domain import deciding
from services.escalation.domain.draft import Draft
from services.escalation.domain.installation import Installation
from services.escalation.domain.rules_version import RULES_VERSION
from services.escalation.handlers.apply import write_effects
from services.escalation.store import batches
from services.escalation.store.known_accounts import KnownAccounts
from services.escalation.store.policies import KnownPolicies
from shared.contracts.envelope import Envelope, Fact
from shared.transaction import Handler, Transaction


def handling(installation: Installation) -> Handler:
    """The service's handler with these settings."""

    known, accounts = KnownPolicies(), KnownAccounts()

    async def handle(tx: Transaction, events: Sequence[Envelope[Fact]]) -> None:
        tx.rules_version = RULES_VERSION
        subscribed = [event for event in events if type(event.data) in deciding.SUBSCRIPTIONS]
        policies = await known.current(tx.connection)
        work = await batches.load(tx.connection, subscribed, installation, policies, accounts)
        async for event in tx.each(subscribed):
            draft = Draft(work, event, tx.now, tx.traceparent)
            deciding.decide(draft)
            write_effects(tx, draft)
        await batches.save(tx.connection, work, tx.now)
        tx.after_commit.append(partial(accounts.keep, work))

    return handle
