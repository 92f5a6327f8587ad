"""The `handoff` command. The one place that knows every service."""

from typing import Annotated

import typer

from services.cli.lazy import Lazy, group_of

COMMANDS = (
    Lazy(
        "demo",
        "services.cli.demo.command:demo",
        "Start everything on this machine, apart from `handoff up`, and play short stories; Ctrl-C stops it.",
    ),
    Lazy(
        "up",
        "services.cli.local:up",
        "Start Kafka, Postgres, a mail sink and the three services on this machine; Ctrl-C stops them.",
    ),
    Lazy("status", "services.cli.status.command:status", "Show on one screen whether everything works."),
    Lazy("mail", "services.cli.mail:mail", "List the mail that the sink of `handoff up` caught, or show one message."),
    Lazy("run", "services.cli.run:run", "Run one process of a service until it is told to stop."),
    Lazy(
        "migrate",
        "services.cli.run:migrate_all",
        "Create the tables of the services' databases, or bring them up to date.",
    ),
    Lazy(
        "rejudge",
        "services.cli.rejudge:rejudge",
        "Judge every account by the rules of this release, after `handoff migrate`.",
    ),
    Lazy(
        "repair-times",
        "services.cli.repair_times:repair_times",
        "Have facts dated ahead of the clock count at the time they were received.",
    ),
    Lazy(
        "import", "services.cli.importers.command:app", "Publish files of known formats as inbound events, over Kafka."
    ),
    Lazy(
        "explain",
        "services.cli.explain:explain",
        "Show why an episode is as it is, step by step, and what happens next.",
    ),
    Lazy(
        "report",
        "services.cli.report:report",
        "Count events, signals, episodes and alerts, and what became of every input.",
    ),
    Lazy(
        "waiting", "services.cli.waiting:waiting", "List the facts and signals that wait for their sale, case or order."
    ),
    Lazy("trace", "services.cli.trace:trace", "Show everything one event caused, as a tree with times."),
    Lazy(
        "dead-letters",
        "services.cli.dead_letters:app",
        "Inputs that could not be applied: list, replay, dismiss.",
    ),
    Lazy("deliveries", "services.cli.deliveries:app", "E-mails that have not arrived: list, resend."),
    Lazy("bounces", "services.cli.bounces:app", "E-mail that came back: read delivery reports, list people, clear."),
    Lazy("outbox", "services.cli.outbox:app", "What the services published: publish it again."),
    Lazy("people", "services.cli.people:app", "Salespeople: who changed what of them."),
    Lazy(
        "topics",
        "services.cli.topics:app",
        "Topics whose unread records are gone: list, acknowledge.",
    ),
    Lazy("policy", "services.cli.policy:app", "The policy: show, check, diff, publish, history."),
)

app = typer.Typer(help="On-call for sold accounts.", no_args_is_help=True, cls=group_of(COMMANDS))


def _version(wanted: bool) -> None:
    if not wanted:
        return
    from importlib.metadata import version

    print(f"handoff {version('handoff')}")
    raise typer.Exit


@app.callback()
def handoff(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """On-call for sold accounts."""
