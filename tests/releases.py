"""The previous release: its own code, from the history of this checkout."""

import asyncio
import os
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from deploy.local.ports import free_ports
from deploy.local.processes import PROJECT
from shared.messaging.cluster import Cluster

RELEASE_BEFORE = "dd67ac1649d4862c73f4a0a0750e5303a179b6c5"
"""The commit of the tag v0.1.0. A newer release replaces it once it is out."""
_LONGEST_SECONDS = 180


@dataclass(frozen=True)
class Release:
    """The code of a version, in a folder."""

    folder: Path

    def migrate(self, service: str, url: str) -> subprocess.CompletedProcess[str]:
        command = ("-m", "services.cli", "migrate", "--only", service)
        return self.python(*command, settings={f"{service.upper()}_DATABASE_URL": url})

    def python(
        self, *arguments: str, settings: Mapping[str, str] | None = None, reported: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run Python on this code, to its end."""
        return subprocess.run(
            (sys.executable, *arguments),
            cwd=self.folder,
            env=self._environment(settings or {}),
            input=reported,
            capture_output=True,
            text=True,
            timeout=_LONGEST_SECONDS,
            check=False,
        )

    @asynccontextmanager
    async def running(self, service: str, url: str, cluster: Cluster) -> AsyncIterator[httpx2.AsyncClient]:
        """A client of a process of this version."""
        (port,) = free_ports(1)
        environment = self._environment(
            {
                "KAFKA_BOOTSTRAP_SERVERS": ",".join(cluster.servers),
                "TOPIC_PREFIX": cluster.prefix,
                "TOPIC_PARTITIONS": str(cluster.partitions),
                "TOPIC_REPLICATION": "1",
                f"{service.upper()}_DATABASE_URL": url,
                f"{service.upper()}_PORT": str(port),
                "MAX_ALERT_AGE": "0",
                "SMTP_URL": "smtp://127.0.0.1:1",
            }
        )
        command = (sys.executable, "-m", "services.cli", "run", service)
        process = await asyncio.create_subprocess_exec(
            *command, cwd=self.folder, env=environment, stdout=DEVNULL, stderr=DEVNULL
        )
        try:
            async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                yield client
        finally:
            process.kill()
            await process.wait()

    def _environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        return {**os.environ, **settings, "PYTHONPATH": str(self.folder)}


THIS = Release(PROJECT)


def release_before(folder: Path) -> Release | None:
    """The previous release, unpacked into a folder; None if the history of this checkout does not reach it."""
    known = subprocess.run(["git", "cat-file", "-e", RELEASE_BEFORE], cwd=PROJECT, capture_output=True, check=False)
    if known.returncode != 0:
        return None
    archive = subprocess.run(["git", "archive", RELEASE_BEFORE], cwd=PROJECT, stdout=PIPE, check=True)
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    return Release(folder)
