"""Times on the command line."""

from datetime import UTC, datetime

_HINT = "Give a time with its zone, like 2026-05-04T09:30Z or 2026-05-04T11:30+02:00."


def moment_of(text: str) -> datetime:
    """The value of `--since`, in UTC. Stops the command if it is no time, or has no zone."""
    from services.cli.terminal import printable, stop_with

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise stop_with(f"--since: {printable(text)!r} is not a valid time. {_HINT}") from None
    if moment.tzinfo is None:
        raise stop_with(f"--since: {printable(text)!r} has no zone. {_HINT}")
    return moment.astimezone(UTC)
