"""`make bench`: starts Kafka and Postgres, measures the requested rows, prints the table and writes it as JSON."""

import argparse
import asyncio
import json
import logging
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from os import cpu_count
from pathlib import Path

import asyncpg
from rich.console import Console
from rich.table import Table

from deploy.local.kafka import Kafka
from deploy.local.ports import free_ports
from deploy.local.postgres import Postgres
from tests.benchmarks.ground import Ground
from tests.benchmarks.rows import ROWS, Measure
from tests.benchmarks.sizes import QUICK, WHOLE, Sizes
from tests.databases import Databases

_VERDICTS = {True: "[green]met[/green]", False: "[red]missed[/red]", None: ""}


def main(arguments: Sequence[str]) -> None:
    asked = read_arguments(arguments)
    sizes = QUICK if asked.quick else WHOLE
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # for new topics it finds no leader at first
    measures = asyncio.run(_measured(asked.rows, sizes, asked.json))
    Console(width=140).print(_table(measures, sizes))


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("rows", nargs="*", help="a b d e f g, all unless told otherwise; (c) comes with (a)")
    parser.add_argument("--quick", action="store_true", help="small sizes, for trying it out")
    parser.add_argument("--json", type=Path, default=Path(".local/bench.json"), help="where the table goes as JSON")
    asked = parser.parse_args(arguments)
    unknown = set(asked.rows) - ROWS.keys()
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    asked.rows = asked.rows or list(ROWS)
    return asked


async def _measured(rows: Sequence[str], sizes: Sizes, report: Path) -> list[Measure]:
    measures: list[Measure] = []
    async with servers() as whole:
        for name in rows:
            ground = replace(whole, databases=Databases(whole.databases.server_url))
            started = time.monotonic()
            found = list(await ROWS[name](ground, sizes))
            seconds = time.monotonic() - started
            for measure in found:
                print(f"({measure.row}) {measure.what}: {measure.figure}", flush=True)
            print(f"    row {name} took {seconds:.0f} s", flush=True)
            measures += found
            _write(report, measures, sizes)
            await ground.databases.drop_all()
    return measures


@asynccontextmanager
async def servers() -> AsyncIterator[Ground]:
    """A broker, and a database server that records when each transaction committed; both are removed afterwards."""
    folder = _new_folder()
    port, controller_port, postgres_port = free_ports(3)
    kafka = Kafka(folder / "kafka", port=port, controller_port=controller_port)
    postgres = Postgres(folder / "postgres", port=postgres_port)
    try:
        await asyncio.gather(kafka.start(), postgres.start())
        connection = await asyncpg.connect(postgres.url)
        await connection.execute("alter system set track_commit_timestamp = on")
        await connection.close()
        await postgres.stop()
        await postgres.start()
        yield Ground(kafka.address, Databases(postgres.url), folder / "logs")
    finally:
        await asyncio.gather(kafka.kill(), postgres.stop_at_once())
        shutil.rmtree(folder, ignore_errors=True)


def _new_folder() -> Path:
    """A folder that the user who runs Postgres on behalf of root can enter too."""
    folder = Path(tempfile.mkdtemp(prefix="handoff-bench-"))
    folder.chmod(0o755)
    return folder


def _write(report: Path, measures: Sequence[Measure], sizes: Sizes) -> None:
    report.parent.mkdir(parents=True, exist_ok=True)
    machine = {"cores": cpu_count(), "system": platform.system(), "python": platform.python_version()}
    whole = {"machine": machine, "sizes": asdict(sizes), "measures": [asdict(measure) for measure in measures]}
    report.write_text(json.dumps(whole, indent=2) + "\n", "utf-8")


def _table(measures: Sequence[Measure], sizes: Sizes) -> Table:
    kind = "small sizes, for trying it out" if sizes == QUICK else "trust the ratios, not the absolutes"
    table = Table(title=f"Benchmarks on {cpu_count()} cores ({kind})")
    for name in ("row", "what", "goal", "figure", "ratio", ""):
        table.add_column(name)
    for one in measures:
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        table.add_row(one.row, one.what, one.goal, one.figure, ratio, _VERDICTS[one.met])
    return table


if __name__ == "__main__":
    main(sys.argv[1:])
