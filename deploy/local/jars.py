"""Fetches the jars of Apache Kafka into the user's cache, each checked against the SHA-256 in jars.toml.

Start at classpath; `python -m deploy.local.jars` fetches ahead of time, `... pin` makes jars.toml anew.
"""

import asyncio
import hashlib
import os
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from deploy.local.failures import StartError
from deploy.local.files import cache_folder, exclusive, made
from deploy.local.processes import PROJECT, leashed
from deploy.local.progress import Progress

_PINS = Path(__file__).with_name("jars.toml")
_ATTEMPTS = 3
_FETCHES_AT_ONCE = 6
_RESPONSE_SECONDS = 20
_OTHER_CACHE = (
    "Choose another cache folder with XDG_CACHE_HOME,\n"
    "or give the address of a broker that already runs in KAFKA_BOOTSTRAP_SERVERS."
)


@dataclass(frozen=True)
class Jar:
    """A jar by its Maven coordinate (group:artifact:version), with what it must be."""

    coordinate: str
    sha256: str
    size_bytes: int

    @property
    def file_name(self) -> str:
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"

    def is_at(self, path: Path) -> bool:
        """Whether the file there is this very jar."""
        if not path.is_file() or path.stat().st_size != self.size_bytes:
            return False
        return hashlib.sha256(path.read_bytes()).hexdigest() == self.sha256


def pinned() -> tuple[Jar, ...]:
    """Every jar of jars.toml."""
    rows = tomllib.loads(_PINS.read_text())["jars"]
    return tuple(Jar(coordinate, row["sha256"], row["size_bytes"]) for coordinate, row in rows.items())


async def classpath(progress: Progress) -> str:
    """The Java class path of Kafka; fetches what is missing, and raises StartError if it cannot."""
    folder = _folder()
    if not await asyncio.to_thread(_complete, folder):
        progress.begins("Kafka", "fetching")
        await _fetch_in_child(progress)
    return f"{folder}{os.sep}*"


def fetch(report: Callable[[int], None]) -> None:
    """Fetches all jars, telling how many bytes are there; the folder appears whole or not at all."""
    folder = _folder()
    cache = made(folder.parent, instead=_OTHER_CACHE)
    with exclusive(cache / "fetching.lock"):
        if _complete(folder):
            return
        for left_behind in cache.glob("kafka-*.part"):
            shutil.rmtree(left_behind, ignore_errors=True)
        staging = Path(tempfile.mkdtemp(prefix="kafka-", suffix=".part", dir=cache))
        try:
            _fetch_all(staging, report)
            shutil.rmtree(folder, ignore_errors=True)
            (staging / "jars").rename(folder)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _folder() -> Path:
    return cache_folder() / f"kafka-{hashlib.sha256(_PINS.read_bytes()).hexdigest()[:16]}"


def _complete(folder: Path) -> bool:
    return folder.is_dir() and all(jar.is_at(folder / jar.file_name) for jar in pinned())


def _fetch_all(staging: Path, report: Callable[[int], None]) -> None:
    (staging / "jars").mkdir()
    done_bytes = 0
    with ThreadPoolExecutor(_FETCHES_AT_ONCE) as pool:
        fetches = [pool.submit(_fetch_one, jar, staging) for jar in pinned()]
        try:
            for fetched in as_completed(fetches):
                done_bytes += fetched.result().size_bytes
                report(done_bytes)
        finally:
            pool.shutdown(cancel_futures=True)


def _fetch_one(jar: Jar, staging: Path) -> Jar:
    import requests

    reason = ""
    for _ in range(_ATTEMPTS):
        try:
            path = _downloaded(jar, staging / "repository")
        except (requests.RequestException, RuntimeError) as error:
            shutil.rmtree(staging / "repository" / jar.file_name, ignore_errors=True)
            reason = f"could not be fetched ({type(error).__name__})"
            continue
        if jar.is_at(path):
            path.replace(staging / "jars" / jar.file_name)
            return jar
        reason = "is not the file jars.toml names (its SHA-256 differs)"
        path.unlink()
    raise StartError(f"{jar.coordinate} {reason}, after {_ATTEMPTS} attempts.\n{_advice(reason)}")


def _downloaded(jar: Jar, repository: Path) -> Path:
    from jgo.config import GlobalSettings
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext

    group, artifact, version = jar.coordinate.split(":")
    remotes = {**GlobalSettings.load().repositories, "central": MAVEN_CENTRAL_URL}
    own = repository / jar.file_name  # a folder of its own: a broken download is removed whole
    context = MavenContext(repo_cache=own, remote_repos=remotes, timeout=_RESPONSE_SECONDS)
    return Path(context.project(group, artifact).at_version(version).artifact().resolve())


def _advice(reason: str) -> str:
    if "SHA-256" in reason:
        return "The file was discarded. A mirror or proxy may have served a different file: ask its administrator."
    return (
        "Check the network and run it again. A Maven mirror is named in jgo's own configuration file,\n"
        "a proxy in HTTPS_PROXY. Or give the address of a running broker in KAFKA_BOOTSTRAP_SERVERS."
    )


async def _fetch_in_child(progress: Progress) -> None:
    """In a process of its own, so that it can be given up at once."""
    total_bytes = sum(jar.size_bytes for jar in pinned())
    pipe = asyncio.subprocess.PIPE
    program = leashed((sys.executable, "-m", __name__))
    child = await asyncio.create_subprocess_exec(
        *program, stdout=pipe, stderr=pipe, cwd=PROJECT, start_new_session=True
    )
    assert child.stdout is not None
    assert child.stderr is not None
    try:
        async for line in child.stdout:
            progress.fetched("Kafka", int(line), total_bytes)
        message = (await child.stderr.read()).decode(errors="replace").strip()
        if await child.wait() != 0:
            raise StartError(message)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


def _resolved() -> Iterator[str]:
    import jgo

    recipe = tomllib.loads(_PINS.read_text())["recipe"]
    with tempfile.TemporaryDirectory() as repository:
        os.environ["M2_REPO"] = repository  # so that what is pinned comes from the network, not from this machine
        for artifact in jgo.resolve(recipe):
            body = Path(artifact.resolve()).read_bytes()
            coordinate = f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}"
            digest = hashlib.sha256(body).hexdigest()
            yield f'"{coordinate}" = {{ sha256 = "{digest}", size_bytes = {len(body)} }}'


def _pin() -> None:
    head, _, _ = _PINS.read_text().partition("[jars]\n")
    _PINS.write_text(head + "[jars]\n" + "".join(f"{line}\n" for line in sorted(_resolved())))


def main() -> None:
    if sys.argv[1:] == ["pin"]:
        _pin()
        return
    try:
        fetch(lambda done_bytes: print(done_bytes, flush=True))  # noqa: T201
    except StartError as failure:
        sys.exit(str(failure))
    except OSError as error:
        sys.exit(f"Kafka's files cannot be kept in {cache_folder()}: {error.strerror}.\n{_OTHER_CACHE}")


if __name__ == "__main__":
    main()
