"""`handoff rejudge`: after an upgrade, judges earlier facts by the new rules. Start at `rejudge`."""

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.cli.databases import processor_of, with_pool
from services.cli.installation import Data, EscalationDatabase, ServiceName, enter
from services.cli.terminal import counted, printable, stop_with
from services.escalation.domain.rules_version import RULES_VERSION
from services.escalation.store.left_to_judge import left_to_judge
from shared.database import DATABASE_ERRORS, Pool, is_transient

if TYPE_CHECKING:
    from shared.transaction import InputProcessor

_AT_ONCE = 500
_SHOWN = 10


@dataclass(slots=True)
class Rejudged:
    """The number of accounts judged, and the accounts that could not be, each with its error."""

    judged: int = 0
    failed: list[str] = field(default_factory=list)


def rejudge(data: Data = None, escalation: EscalationDatabase = None) -> None:
    """Apply the rules of this release to every account, after `handoff migrate`.

    If it was interrupted, run it again: it continues where it stopped. Signals that no longer count are ended and
    severities corrected; the recorded reason is that the rules changed. No one is notified.
    """
    enter(data, escalation=escalation)
    done = with_pool(ServiceName.ESCALATION, rejudge_all)
    print(f"Rules {RULES_VERSION}: {counted(done.judged, 'account')} judged.")
    if done.failed:
        shown = ", ".join(map(printable, done.failed[:_SHOWN]))
        more = f" and {len(done.failed) - _SHOWN:,} more" if len(done.failed) > _SHOWN else ""
        raise stop_with(
            f"{counted(len(done.failed), 'account')} could not be judged: {shown}{more}. Run the command again; if it "
            "fails again, report the errors in parentheses as a bug."
        )


async def rejudge_all(pool: Pool) -> Rejudged:
    """Judge all accounts, each in its own transaction. An account that cannot be judged stops no other."""
    done, after = Rejudged(), ""
    async with AsyncExitStack() as opened:
        processor: InputProcessor | None = None  # opened for the first account: it takes the whole service
        while True:
            accounts, last = await left_to_judge(pool, after, RULES_VERSION, limit=_AT_ONCE)
            if last is None:
                return done
            for account in accounts:
                if processor is None:
                    processor = await opened.enter_async_context(processor_of(pool, ServiceName.ESCALATION))
                await _judge(processor, account, done)
            after = last


async def _judge(processor: "InputProcessor", account: str, done: Rejudged) -> None:
    from services.escalation.app import rejudge_account

    try:
        await rejudge_account(processor, account)
        done.judged += 1
    except DATABASE_ERRORS as error:
        if is_transient(error):
            raise
        done.failed.append(f"{account} ({type(error).__name__})")
