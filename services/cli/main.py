"""The `handoff` command. The one place that knows every service."""

import typer

from services.cli import bounces, dead_letters, deliveries, outbox, people, policy
from services.cli.demo.command import demo
from services.cli.explain import explain
from services.cli.importers import command as importers
from services.cli.local import mail, up
from services.cli.rejudge import rejudge
from services.cli.repair_times import repair_times
from services.cli.report import report
from services.cli.run import migrate_all, run
from services.cli.trace import trace

app = typer.Typer(help="On-call for sold accounts.", no_args_is_help=True, add_completion=False)
app.command()(demo)
app.command()(up)
app.command()(mail)
app.command()(run)
app.command("migrate")(migrate_all)
app.command()(rejudge)
app.command()(repair_times)
app.add_typer(importers.app, name="import")
app.command()(explain)
app.command()(report)
app.command()(trace)
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(deliveries.app, name="deliveries")
app.add_typer(bounces.app, name="bounces")
app.add_typer(outbox.app, name="outbox")
app.add_typer(people.app, name="people")
app.add_typer(policy.app, name="policy")
