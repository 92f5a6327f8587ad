"""`handoff deliveries`: which messages have not arrived and why, and sending them again once the fault is fixed."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from services.cli.installation import Data, EscalationDatabase, ServiceName, enter
from services.cli.moments import moment_of
from services.cli.terminal import AsJson

if TYPE_CHECKING:
    from services.escalation.store.outgoing import ListedDelivery
    from shared.database import Pool

app = typer.Typer(help="List and resend messages that have not arrived.", no_args_is_help=True)

_MOST = 1_000_000


class State(StrEnum):
    """The states of a delivery."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    HELD = "held"
    UNKNOWN = "unknown"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    SKIPPED = "skipped"


_NOT_ARRIVED = (State.PENDING, State.SENDING, State.HELD, State.UNKNOWN, State.FAILED, State.SKIPPED)

_TRIED_LATER = (State.PENDING, State.UNKNOWN, State.HELD)

Since = Annotated[
    str | None,
    typer.Option(metavar="WHEN", help="Only those changed since this time, with its zone: 2026-05-04T09:30Z."),
]


@app.command("list")
def list_deliveries(
    state: Annotated[
        list[State] | None, typer.Option(metavar="STATE", help="Only this state. Repeat for several.")
    ] = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(min=1, metavar="NUMBER", help="Maximum number.")] = 50,
    escalation: EscalationDatabase = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List e-mails and notifications on devices, newest first. Without --state: those that have not arrived."""
    enter(data, escalation=escalation)
    from services.cli.databases import with_pool
    from services.escalation.domain.channels import CHANNELS, SENT_AGAIN
    from services.escalation.store.outgoing import listed

    moment = None if since is None else moment_of(since)
    states = [one.value for one in state or _NOT_ARRIVED]
    found = with_pool(ServiceName.ESCALATION, lambda pool: listed(pool, states, since=moment, limit=limit))
    if as_json:
        _print_json([_as_json(one) for one in found])
    elif not found:
        print(f"No {' or '.join(CHANNELS[name].messages for name in SENT_AGAIN)} in these states.")
    else:
        _print_table(found)


@app.command()
def resend(
    ids: Annotated[list[UUID] | None, typer.Argument(metavar="ID", help="Deliveries by ID.")] = None,
    since: Since = None,
    every: Annotated[
        bool, typer.Option("--open", help="Resend every such message whose episode is open and not acknowledged.")
    ] = False,
    escalation: EscalationDatabase = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Resend messages that failed, had no address, or wait for another attempt. Skips closed episodes.

    The exit status is 1 if a delivery given by its ID is not sent again.
    """
    enter(data, escalation=escalation)
    from services.cli.databases import with_pool
    from services.cli.terminal import stop_with

    if not (ids or since or every) or (ids and (since or every)):
        raise stop_with("give the IDs of the deliveries to send again, or --since WHEN, or --open.")
    moment = None if since is None else moment_of(since)
    results = with_pool(ServiceName.ESCALATION, lambda pool: _resend(pool, ids or [], moment))
    if as_json:
        _print_json(results)
    else:
        for one in results:
            print(f"{one['delivery']}  {'will be sent now' if one['resent'] else 'not sent again: ' + one['reason']}")
        print(f"{sum(one['resent'] for one in results)} of {len(results)} deliveries will be sent now")
    if ids and not all(one["resent"] for one in results):  # of the others some were sent by themselves meanwhile
        raise typer.Exit(1)


async def _resend(pool: "Pool", ids: Sequence[UUID], since: datetime | None) -> list[dict[str, Any]]:
    from services.cli.databases import processor_of
    from services.escalation.channels.operating import resend as send_again
    from services.escalation.domain.deliveries import RESENDABLE
    from services.escalation.store.outgoing import by_id, listed
    from shared.transaction import Refused

    meant = await (by_id(pool, ids) if ids else listed(pool, RESENDABLE, since=since, only_open=True, limit=_MOST))
    known = {one.delivery_id for one in meant}
    results = [_result(id, "no such delivery") for id in ids if id not in known]
    async with processor_of(pool, ServiceName.ESCALATION) as processor:
        for one in meant:
            try:
                await send_again(processor, one)
                results.append(_result(one.delivery_id, None))
            except Refused as refused:
                results.append(_result(one.delivery_id, refused.rejected[0].reason))
    return results


def _result(id: UUID, refused: str | None) -> dict[str, Any]:
    return {"delivery": str(id), "resent": refused is None, "reason": refused}


def _print_table(found: Sequence["ListedDelivery"]) -> None:
    from services.cli.terminal import printable
    from services.escalation.domain.channels import CHANNELS
    from services.escalation.domain.deliveries import shown_reason

    for one in found:
        about = f"{CHANNELS[one.channel].message} to {printable(one.recipient)}  order {printable(one.order_id)}"
        over = "" if one.open else "  (no longer needed)"
        print(f"{one.delivery_id}  {one.changed_at:%Y-%m-%d %H:%M:%S} UTC  {one.state}  {about}{over}")
        again = f"; next attempt {one.try_at:%H:%M:%S} UTC" if one.state in _TRIED_LATER else ""
        print(f"    {_tried(one)}: {printable(shown_reason(one.reason or 'no reason yet'))}{again}")


def _tried(one: "ListedDelivery") -> str:
    if one.state == "sending":
        return f"attempt {one.attempts} is under way; the last reason"
    return f"after {one.attempts} attempts" if one.attempts != 1 else "after 1 attempt"


def _as_json(one: "ListedDelivery") -> dict[str, Any]:
    return {
        "delivery": str(one.delivery_id),
        "channel": one.channel,
        "state": one.state,
        "recipient": one.recipient,
        "account": one.account_id,
        "episode": str(one.episode_id),
        "order": one.order_id,
        "open": one.open,
        "attempts": one.attempts,
        "reason": one.reason,
        "changed_at": one.changed_at.isoformat(),
        "next_attempt_at": one.try_at.isoformat() if one.state in _TRIED_LATER else None,
    }


def _print_json(value: object) -> None:
    import json

    print(json.dumps(value, indent=2, ensure_ascii=False))
