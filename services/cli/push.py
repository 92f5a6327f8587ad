"""`handoff push`: a key for Web push, and what it takes to try notifications under `handoff up`."""

import typer

from services.cli.lazy import Lazy, group_of

COMMANDS = (
    Lazy(
        "list",
        "services.cli.local_push:list_messages",
        "List the messages that the push service of `handoff up` received, decrypted as by a browser.",
    ),
    Lazy(
        "subscribe",
        "services.cli.local_push:subscribe",
        "Make a subscription at the push service of `handoff up`, and print it as a browser gives it to a page.",
    ),
    Lazy("key", "services.cli.push:key", "Make a key for PUSH_KEY or the file of PUSH_KEY_FILE, and print it."),
)

app = typer.Typer(
    help="List push messages sent under `handoff up`, or make a subscription or key.",
    no_args_is_help=True,
    cls=group_of(COMMANDS),
)


@app.callback()
def push() -> None:
    """List push messages sent under `handoff up`, or make a subscription or key."""


def key() -> None:
    """Make a key for PUSH_KEY or the file of PUSH_KEY_FILE, and print it.

    If you change the key, browsers have to subscribe again.
    """
    from cryptography.hazmat.primitives.asymmetric import ec

    from shared.base64url import written

    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    print(written(number.to_bytes(32)))
