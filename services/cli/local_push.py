"""`handoff push list` and `subscribe`: what the push service of `handoff up` received, and subscriptions there."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.table import Table
from rich.text import Text

from deploy.local.stored_push import Message, messages
from services.cli.databases import with_pool
from services.cli.installation import DEFAULT_DATA, Data, EscalationDatabase, ServiceName, enter
from services.cli.run import read_settings
from services.cli.terminal import AsJson, console, print_json, printable, stop_with

if TYPE_CHECKING:
    from deploy.local.push_store import PushStore

_PIPE_WIDTH = 200


def list_messages(data: Data = None, as_json: AsJson = False) -> None:
    """List the messages that the push service of `handoff up` received, decrypted as by a browser."""
    folder = _folder(data)
    received = messages(folder)
    if as_json:
        print_json([asdict(message) for message in received])
    elif not received:
        print(f"No push messages in {folder}.")
    else:
        console(_PIPE_WIDTH).print(_table(received))


def subscribe(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="ID of the salesperson.")],
    add: Annotated[
        bool, typer.Option("--add", help="Add it as a device of the person, so that alerts go to it.")
    ] = False,
    data: Data = None,
    escalation: EscalationDatabase = None,
) -> None:
    """Make a subscription at the push service of `handoff up`, and print it as a browser gives it to a page.

    With --add it becomes a device of the person, as if they had turned on notifications in that browser.
    """
    from deploy.local.push_store import PushStore

    store = PushStore(_folder(data))
    if store.origin is None:
        raise stop_with(f"The local push service has not run yet with the data folder {data or DEFAULT_DATA}.")
    if add:
        enter(data, escalation=escalation)
    shown = _added(person, store, store.origin) if add else store.subscribe(person).shown(store.origin)
    print_json(shown)


def _added(person: str, store: "PushStore", origin: str) -> Mapping[str, Any]:
    """A subscription to messages of this installation's key alone, added as a device. Ends the command if there is no
    such person or no key."""
    from services.escalation.app import add_device, push_sender
    from services.escalation.settings import EscalationSettings

    settings = read_settings(ServiceName.ESCALATION)
    assert isinstance(settings, EscalationSettings)
    sender = push_sender(settings)
    if sender is None:
        raise stop_with("PUSH_KEY is not set, so no device receives notifications.")
    shown = store.subscribe(person, sender=sender.key.public).shown(origin)
    keys = shown["keys"]
    added = with_pool(
        ServiceName.ESCALATION,
        lambda pool: add_device(pool, sender, person, (shown["endpoint"], keys["p256dh"], keys["auth"])),
    )
    if not added:
        raise stop_with(f"No active salesperson has the ID {person}. Upper and lower case differ.")
    return shown


def _folder(data: Path | None) -> Path:
    folder = (data or DEFAULT_DATA) / "push"
    if not folder.is_dir():
        raise stop_with(
            f"{folder} does not exist: no push service of `handoff up` has run with that data folder. "
            "Name another with --data or HANDOFF_DATA."
        )
    return folder


def _table(received: Sequence[Message]) -> Table:
    table = Table("", "received (UTC)", "to", "urgency", box=None, pad_edge=False)
    for heading in ("topic", "content"):
        table.add_column(heading, overflow="fold")
    for each in received:
        content = each.content if isinstance(each.content, str) else orjson.dumps(each.content).decode()
        shown = (each.person, each.headers.get("urgency", ""), each.headers.get("topic", ""), content)
        moment = each.received_at.strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(str(each.number), moment, *(Text(printable(text)) for text in shown))
    return table
