"""The `handoff` command. The one place that knows every service."""

from typing import Annotated

import typer

from services.cli.lazy import Lazy, group_of

COMMANDS = (
    Lazy(
        "demo",
        "services.cli.demo.command:demo",
        "Start everything on this machine, separate from `handoff up`, and play short stories. Ctrl-C stops it.",
    ),
    Lazy(
        "up",
        "services.cli.local:up",
        "Start Kafka, Postgres, test servers for mail and push, and the services on this machine; Ctrl-C stops them.",
    ),
    Lazy("status", "services.cli.status.command:status", "Show on one screen whether everything works."),
    Lazy(
        "mail",
        "services.cli.mail:mail",
        "List the e-mails sent under `handoff up`, which keeps them locally and delivers none, or show one.",
    ),
    Lazy("push", "services.cli.push:app", "List push messages sent under `handoff up`, or make a subscription or key."),
    Lazy("run", "services.cli.run:run", "Run one process of a service until it is stopped."),
    Lazy(
        "health",
        "services.cli.health:health",
        "Ask a process on this host whether it is alive or ready, for probes. Exit status 0: yes, 1: no.",
    ),
    Lazy(
        "migrate",
        "services.cli.run:migrate_all",
        "Create the tables of the services' databases, or bring them up to date.",
    ),
    Lazy(
        "rejudge",
        "services.cli.rejudge:rejudge",
        "Apply the rules of this release to every account, after `handoff migrate`.",
    ),
    Lazy(
        "repair-times",
        "services.cli.repair_times:repair_times",
        "Set the time of facts dated in the future to the time they were received.",
    ),
    Lazy(
        "import", "services.cli.importers.command:app", "Publish files of known formats as inbound events, over Kafka."
    ),
    Lazy(
        "explain",
        "services.cli.explain:explain",
        "Show how an episode came about, step by step, and what happens next.",
    ),
    Lazy(
        "report",
        "services.cli.report:report",
        "Count events, signals, episodes and alerts, and the outcome of every input.",
    ),
    Lazy(
        "losses",
        "services.cli.losses:losses",
        "Show why customers leave: as the seller says, as the customer says, and as the events show.",
    ),
    Lazy("waiting", "services.cli.waiting:waiting", "List facts and signals that wait for their sale, case or order."),
    Lazy("trace", "services.cli.trace:trace", "Show everything that one event caused, as a tree with times."),
    Lazy(
        "dead-letters",
        "services.cli.dead_letters:app",
        "List, replay and dismiss inputs that could not be applied.",
    ),
    Lazy("deliveries", "services.cli.deliveries:app", "List and resend messages that have not arrived."),
    Lazy("bounces", "services.cli.bounces:app", "Read delivery reports, and list or clear addresses that bounce."),
    Lazy("outbox", "services.cli.outbox:app", "Publish events of the services again."),
    Lazy("people", "services.cli.people:app", "Show who changed what about a salesperson."),
    Lazy(
        "topics",
        "services.cli.topics:app",
        "List topics whose records were lost unread, and confirm that they are restored.",
    ),
    Lazy(
        "backtest",
        "services.cli.backtest.command:backtest",
        "Show what another policy would have done: notifications, signals, and losses that it would have caught.",
    ),
    Lazy(
        "recall",
        "services.cli.recall:recall",
        "Show who should have been alerted and was not, or did not respond, each with the cause.",
    ),
    Lazy(
        "review",
        "services.cli.review.command:review",
        "Show what happened to an order and, if it was lost, which change of the policy would have caught it.",
    ),
    Lazy("policy", "services.cli.policy:app", "Show, check, compare and publish policies."),
)

app = typer.Typer(help="On-call for sold accounts.", no_args_is_help=True, cls=group_of(COMMANDS))


def _version(wanted: bool) -> None:
    if not wanted:
        return
    from services.cli.release import release

    print(f"handoff {release()}")
    raise typer.Exit


@app.callback()
def handoff(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version, tag and commit.")
    ] = False,
) -> None:
    """On-call for sold accounts."""
