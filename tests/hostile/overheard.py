"""Everything that processes reveal outside the database: logs, spans, metrics. Start at `Overheard`."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import orjson

from deploy.local.machine import SERVICES
from shared.telemetry import Attribute
from tests.stories import Company


@dataclass(frozen=True)
class Overheard:
    """Everything that a company's processes have written and measured so far."""

    company: Company

    def logs(self) -> str:
        """Without the source of a dead letter, which serves to find its publisher."""
        return re.sub(r'"source":"[^"]*"', "", _read(self.company.machine.folder / "logs", "*.log"))

    def spans(self) -> str:
        """Without the source and id of a span's event, which serve to find it."""
        lines = _read(self.company.machine.folder / "traces", "*.jsonl").split("\n")
        return "\n".join(_without_identity(orjson.loads(line)) for line in lines if line)

    async def metrics(self) -> str:
        return "\n".join([await _metrics(self.company, name) for name in SERVICES])


async def counted(company: Company, service: str, metric: str) -> float:
    """The sum of a metric over its labels."""
    text = await _metrics(company, service)
    return sum(float(value) for value in re.findall(rf"^{metric}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE))


async def _metrics(company: Company, service: str) -> str:
    async with httpx2.AsyncClient(base_url=company.machine.service(service).url) as client:
        return (await client.get("/metrics")).text


def _without_identity(span: dict[str, Any]) -> str:
    for name in (Attribute.EVENT_ID, Attribute.EVENT_SOURCE):
        span["attributes"].pop(name.value, None)
    return orjson.dumps(span).decode()


def _read(folder: Path, pattern: str) -> str:
    paths = list(folder.glob(pattern))
    assert paths, f"nothing in {folder}"
    return "\n".join(path.read_text("utf-8", "backslashreplace") for path in paths)
