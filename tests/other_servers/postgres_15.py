"""Postgres 15 as Debian packages it, with passwords (scram-sha-256); skips if the machine has none."""

import os
import shutil
from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest

from deploy.local.ports import LOOPBACK
from deploy.local.postgres import Postgres
from deploy.local.processes import run_to_end
from deploy.local.progress import Progress
from deploy.local.unprivileged import ordinary_user, owned_folder

PASSWORD = "p@ss/w#rd"
_PROGRAMS = (Path("/usr/lib/postgresql/15/bin"), Path("/usr/pgsql-15/bin"))


def programs() -> Path:
    """The folder of its programs."""
    given = os.environ.get("TEST_POSTGRES_15", "")
    for folder in (Path(given), *_PROGRAMS) if given else _PROGRAMS:
        if (folder / "postgres").is_file():
            return folder
    pytest.skip("no Postgres 15 here: apt-get install postgresql-15, or TEST_POSTGRES_15=folder of its programs")


class Postgres15(Postgres):
    """One server of that version. Its superuser has a password."""

    def __init__(self, folder: Path, programs: Path, *, port: int) -> None:
        super().__init__(folder, port=port)
        self._programs = programs

    @property
    def url(self) -> str:
        return f"postgresql://postgres:{quote(PASSWORD, safe='')}@{LOOPBACK}:{self._port}/postgres"

    async def start(self, progress: Progress | None = None) -> None:
        self._user = ordinary_user()
        self._folder = owned_folder(self._wanted_folder, self._user) if self._user else self._own_folder()
        password = self._folder / "password"
        password.write_text(PASSWORD)
        if self._user:
            shutil.chown(password, self._user.name)
        data = str(self._folder / "cluster")
        arguments = ("-D", data, "-A", "scram-sha-256", f"--pwfile={password}", "-U", "postgres", "-E", "UTF8")
        command = self._command(self._programs / "initdb", *arguments, "--locale=C")
        await run_to_end(command, name="Making the database", within_seconds=60)
        await self._start(self._programs)


async def version_of(url: str) -> int:
    """The major version of a server."""
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("show server_version_num")) // 10_000
    finally:
        await connection.close()
