"""`handoff dead-letters`: inputs that could not be applied, the reasons, and a retry after the fault is fixed."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from services.cli.databases import processor_of, with_pool
from services.cli.installation import Data, ServiceName, enter
from services.cli.run import read_settings
from services.cli.terminal import LINES, AsJson, print_json, printable, stop_with
from shared.database import Pool, is_transient
from shared.inputs import Batch, Outcome, RawMessage
from shared.messaging.codec import Poison
from shared.messaging.kept_letters import KeptLetter, kept_bytes, kept_letter, kept_letters
from shared.messaging.kept_letters import dismiss as dismiss_letters
from shared.messaging.naming import named_event

if TYPE_CHECKING:
    from shared.transaction import InputProcessor

app = typer.Typer(help="List, replay and dismiss inputs that could not be applied.", no_args_is_help=True)

Service = Annotated[ServiceName, typer.Argument(metavar="SERVICE", help="orders, support or escalation.")]
Ids = Annotated[list[UUID] | None, typer.Argument(metavar="ID", help="Dead letters by ID.")]


class CountedAt(StrEnum):
    """The time at which a replayed fact counts: its publisher's time, or the time of first receipt.

    `told` and `heard` are the names of earlier releases.
    """

    REPORTED = "reported"
    RECEIVED = "received"
    TOLD = "told"
    HEARD = "heard"


@app.command("list")
def list_letters(
    service: Service,
    limit: Annotated[int, typer.Option(min=1, metavar="NUMBER", help="Maximum number.")] = 50,
    replayed: Annotated[bool, typer.Option("--replayed", help="Include replayed dead letters.")] = False,
    dismissed: Annotated[bool, typer.Option("--dismissed", help="Include dismissed dead letters.")] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List the newest dead letters of a service, with their reasons.

    Reads ORDERS_DATABASE_URL, SUPPORT_DATABASE_URL or ESCALATION_DATABASE_URL.
    """
    enter(data)

    async def listed(pool: Pool) -> list[tuple[KeptLetter, RawMessage]]:
        letters = await kept_letters(pool, limit=limit, with_replayed=replayed, with_dismissed=dismissed)
        raw = await kept_bytes(pool, [letter.id for letter in letters])
        return [(letter, raw[letter.id]) for letter in letters]

    found = with_pool(service, listed)
    if as_json:
        print_json([asdict(letter) | named_event(raw) for letter, raw in found])
        return
    if not found:
        print(f"{service.value} has no open dead letters. (--replayed and --dismissed include the others.)")
    for letter, raw in found:
        print(f"{letter.id}  {letter.received_at:%Y-%m-%d %H:%M:%S} UTC  {_place(letter)}  {letter.code}")
        print(f"    {_event(raw)}")
        print(f"    {letter.reason}")
        if letter.dismissed_at is not None:
            print(f"    {_dismissal(letter)}")


@app.command()
def show(
    service: Service,
    id: Annotated[UUID, typer.Argument(metavar="ID", help="ID of the dead letter.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show one dead letter with its headers and body, which may contain a customer's data.

    Reads ORDERS_DATABASE_URL, SUPPORT_DATABASE_URL or ESCALATION_DATABASE_URL.
    """
    enter(data)
    found = with_pool(service, lambda pool: kept_letter(pool, id))
    if found is None:
        raise stop_with(
            f"{service.value} has no dead letter {id}; `handoff dead-letters list {service.value}` lists them."
        )
    letter, raw = found
    if as_json:
        print_json(_shown(letter, raw))
        return
    print(f"{letter.id}\nreceived  {letter.received_at:%Y-%m-%d %H:%M:%S} UTC\nwhere     {_place(letter)}")
    print(f"code      {letter.code}\nreason    {letter.reason}")
    if letter.replayed_at is not None:
        print(f"replayed  {letter.replayed_at:%Y-%m-%d %H:%M:%S} UTC")
    if letter.dismissed_at is not None:
        print(_dismissal(letter))
    print(f"key       {_text(raw.key)}")
    for name, value in raw.headers:
        print(f"header    {printable(name)}: {_text(value)}")
    print(f"body      {_text(raw.body, kept=LINES)}")


@app.command()
def replay(
    service: Service,
    ids: Ids = None,
    every: Annotated[bool, typer.Option("--all", help="Replay every dead letter that has not been replayed.")] = False,
    time: Annotated[
        CountedAt,
        typer.Option(
            metavar="TIME",
            help="Time to use for facts dated in the future: `received` (when first received), or `reported` (the "
            "publisher's time; refused again while it is in the future).",
        ),
    ] = CountedAt.REPORTED,
    data: Data = None,
) -> None:
    """Apply dead letters again, in the order they were received. Those that fail again are kept.

    Uses ORDERS_DATABASE_URL, SUPPORT_DATABASE_URL or ESCALATION_DATABASE_URL.
    """
    enter(data)
    if not ids and not every:
        raise stop_with("give the IDs of the dead letters to replay, or --all.")
    failed = with_pool(service, lambda pool: _replay(pool, service, ids or [], time))
    if failed:
        raise typer.Exit(1)


@app.command()
def dismiss(
    service: Service,
    ids: Annotated[list[UUID], typer.Argument(metavar="ID", help="Dead letters by ID.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="Name of the person who decided it.")],
    why: Annotated[str, typer.Option(metavar="TEXT", help="Reason why they will never be applied.")],
    data: Data = None,
) -> None:
    """Dismiss dead letters that can never be applied. They are kept, but no longer counted or listed.

    Uses ORDERS_DATABASE_URL, SUPPORT_DATABASE_URL or ESCALATION_DATABASE_URL.
    """
    enter(data)
    for option, text in (("--by", by), ("--why", why)):
        if not text.strip():
            raise stop_with(f"{option} is empty.")
    done = with_pool(service, lambda pool: dismiss_letters(pool, ids, by=by.strip(), why=why.strip()))
    for id in ids:
        print(f"{id}  {'dismissed' if id in done else 'not found, or already replayed or dismissed'}")
    if not done.issuperset(ids):
        raise typer.Exit(1)


async def _replay(pool: Pool, name: ServiceName, ids: list[UUID], time: CountedAt) -> int:
    """Replay letters in their order of receipt. Return the number of letters that were not accepted."""
    prefix = read_settings(name).topic_prefix
    async with processor_of(pool, name) as processor:
        kept = await kept_letters(pool, limit=1_000_000, with_replayed=bool(ids), with_dismissed=bool(ids))
        wanted = [letter for letter in sorted(kept, key=_came) if not ids or letter.id in ids]
        missing = set(ids) - {letter.id for letter in wanted}
        for id in sorted(missing):
            print(f"{id}  no such dead letter")
        by_receipt = time in (CountedAt.RECEIVED, CountedAt.HEARD)
        received = await _received(pool, wanted, prefix=prefix) if by_receipt else {}
        in_turn = sorted(received, key=received.__getitem__) or [letter.id for letter in wanted]
        accepted = [await _replay_one(processor, id, prefix=prefix, received_at=received.get(id)) for id in in_turn]
    return len(missing) + accepted.count(False)


async def _received(pool: Pool, letters: Sequence[KeptLetter], *, prefix: str) -> Mapping[UUID, datetime]:
    """When each letter was first received; those received at once stay in the order of their own times, a microsecond
    apart."""
    from shared.messaging.dead_letters import replay_of

    arrivals: list[tuple[datetime, datetime, UUID]] = []
    for letter in letters:
        found = await kept_letter(pool, letter.id)
        batch = replay_of(*found, prefix=prefix) if found else None
        at = batch.inputs[0].envelope.time if isinstance(batch, Batch) else letter.received_at
        arrivals.append((letter.received_at, at, letter.id))
    received: dict[UUID, datetime] = {}
    latest = datetime.min.replace(tzinfo=UTC)
    for received_at, _, id in sorted(arrivals):
        latest = received[id] = max(received_at, latest + timedelta(microseconds=1))
    return received


async def _replay_one(processor: "InputProcessor", id: UUID, *, prefix: str, received_at: datetime | None) -> bool:
    """Replay one letter. Return whether it is accepted now. Raises the database's errors while it is unavailable."""
    from shared.messaging.dead_letters import replay_of

    found = await kept_letter(processor.pool, id)
    if found is None:
        print(f"{id}  no longer exists")
        return False
    batch = replay_of(*found, prefix=prefix, received_at=received_at)
    if isinstance(batch, Poison):
        print(f"{id}  still {batch.code}: {batch.reason}")
        return False
    try:
        report = await processor.apply(batch)
    except Exception as error:
        if is_transient(error):
            raise
        print(f"{id}  still fails ({type(error).__name__})")
        return False
    for rejection in report.rejected:
        print(f"{id}  still {rejection.code}: {rejection.reason}")
    if Outcome.DEAD_LETTERED not in report.outcomes:
        print(f"{id}  {report.outcomes[0].value}")
    return not report.rejected


def _came(letter: KeptLetter) -> tuple[datetime, str, int, int]:
    """The sort key of letters: by receipt; at one moment by their position in the partition."""
    partition, offset = (-1 if number is None else number for number in (letter.partition, letter.record_offset))
    return letter.received_at, letter.topic, partition, offset


def _dismissal(letter: KeptLetter) -> str:
    when = f"{letter.dismissed_at:%Y-%m-%d %H:%M:%S}"
    return f"dismissed {when} UTC by {printable(letter.dismissed_by)}: {printable(letter.dismissed_why)}"


def _event(raw: RawMessage) -> str:
    """The event by type, source and id, without its content."""
    named = named_event(raw)
    return f"{named['type']}  source {named['source'] or 'unknown'}  id {named['event_id'] or 'unknown'}"


def _place(letter: KeptLetter) -> str:
    if letter.partition is None:
        return f"{letter.topic} (HTTP)"
    return f"{letter.topic}-{letter.partition}@{letter.record_offset}"


def _shown(letter: KeptLetter, raw: RawMessage) -> dict[str, object]:
    headers = [{"name": name, "value": _unread(value)} for name, value in raw.headers]
    return asdict(letter) | {"key": _unread(raw.key), "headers": headers, "body": _unread(raw.body)}


def _unread(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="backslashreplace")


def _text(value: bytes | None, *, kept: str = "") -> str:
    return "(none)" if value is None else printable(value.decode(errors="backslashreplace"), kept=kept)
