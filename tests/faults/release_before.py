"""The start of a world of the previous release: its tables, its policy, and events that it understands."""

import asyncio
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from subprocess import CompletedProcess

from deploy.local.databases import own_database
from tests.faults.events import Event, event_of_line
from tests.releases import Release

_HISTORY = """
import json, sys
from datetime import datetime
from tests.faults.history import generate
asked = json.load(sys.stdin)
asked["now"] = datetime.fromisoformat(asked["now"])
for event in generate(**asked):
    print(event.line())
"""
_PUBLISH = """
import asyncio, sys
from tests.faults.policy import publish_policy
asyncio.run(publish_policy(sys.argv[1]))
"""


def history_of(release: Release, seed: int, *, now: datetime, **asked: float) -> list[Event]:
    """A history from the previous release's own generator: that release would refuse newer kinds of events."""
    wanted = json.dumps({"seed": seed, "now": now.isoformat(), **asked})
    printed = release.python("-c", _HISTORY, reported=wanted)
    assert printed.returncode == 0, printed.stderr
    return [event_of_line(line) for line in printed.stdout.splitlines()]


async def databases_of(release: Release, server_url: str, services: Iterable[str]) -> dict[str, str]:
    """Databases with the tables and the policy of that release."""
    urls = {service: await own_database(server_url, service) for service in services}
    await asyncio.gather(*(done(release.migrate, service, url) for service, url in urls.items()))
    await done(release.python, "-c", _PUBLISH, urls["escalation"])
    return urls


async def done(run: Callable[..., CompletedProcess[str]], *arguments: str) -> None:
    """Run a program of a release and require that it succeeds."""
    ended = await asyncio.to_thread(run, *arguments)
    assert ended.returncode == 0, ended.stderr[-2000:]
