"""Where `handoff` begins. As the first process of a container it would never receive a SIGTERM that it does not handle:
without this, stopping a service during its start takes the whole grace period."""

import os
import signal
import sys
from types import FrameType

_FIRST_PROCESS = 1
_ENDED_BY_SIGNAL = 128


def main() -> None:
    """Run the command. A SIGTERM ends it as it ends any other process, until the command handles signals itself."""
    if os.getpid() == _FIRST_PROCESS:
        signal.signal(signal.SIGTERM, _end)
    from services.cli.main import app

    app()


def _end(number: int, _: FrameType | None) -> None:
    sys.exit(_ENDED_BY_SIGNAL + number)
