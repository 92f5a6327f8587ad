"""Checks whether Postgres accepts this process, and how to fix a refusal. Start with `DatabaseReach.look`.

It uses its own connection: one of the pool may be busy, or older than a change of the password.
"""

import asyncpg

from shared.database import DATABASE_ERRORS
from shared.metrics import Metrics
from shared.silence import SILENT_SECONDS, Silence

ASK_EVERY_SECONDS = 5.0
DATABASE_UNREACHABLE = "database_unreachable"
"""A value of the label `reason` of `handoff_consumer_blocked`, beside those of `Block`."""
_ASK_SECONDS = 5.0


class DatabaseReach:
    """Call `look` repeatedly."""

    def __init__(self, url: str, service: str, metrics: Metrics, *, silent_seconds: float = SILENT_SECONDS) -> None:
        self._url = url
        self._service = service
        self._silence = Silence(
            f"The database of {service}",
            "nothing is consumed or published until then, and HTTP calls get 503",
            metrics.consumer.blocked.labels(DATABASE_UNREACHABLE),
            silent_seconds=silent_seconds,
        )

    def silent(self) -> list[str]:
        """The note that the database does not respond, and since when; empty while it does."""
        return self._silence.reasons()

    async def look(self) -> None:
        try:
            connection = await asyncpg.connect(
                self._url, timeout=_ASK_SECONDS, server_settings={"application_name": f"{self._service}-reach"}
            )
        except DATABASE_ERRORS as error:
            self._silence.failed(why_refused(error, self._service) or type(error).__name__)
        else:
            self._silence.answered()
            connection.terminate()


def why_refused(error: BaseException, service: str) -> str | None:
    """How to fix a permanent refusal by Postgres; None for any other error."""
    variable = f"{service.upper()}_DATABASE_URL"
    said = str(error.args[0]) if error.args else type(error).__name__  # without the detail
    match error:
        case asyncpg.InvalidAuthorizationSpecificationError():  # a wrong password too
            return f"Postgres refuses the login ({said}): correct {variable}, or let this user in (pg_hba.conf)"
        case asyncpg.InvalidCatalogNameError():
            return f"Postgres has no such database ({said}): correct {variable}, or create it"
        case asyncpg.InsufficientPrivilegeError():
            return f"Postgres refuses the user of {variable} a right ({said}): grant it"
    return None
