"""The `handoff` command. The one place that knows every service."""

import typer

from services.cli.run import migrate_all, run
from services.cli.trace import trace

app = typer.Typer(help="On-call for sold accounts.", no_args_is_help=True, add_completion=False)
app.command()(run)
app.command("migrate")(migrate_all)
app.command()(trace)
