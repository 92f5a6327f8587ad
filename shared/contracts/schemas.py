"""JSON Schemas of every event's data; `python -m shared.contracts.schemas` writes them from the classes."""

import json
from pathlib import Path
from typing import Any

from shared.contracts.catalog import FACTS
from shared.contracts.fact import Fact

DIRECTORY = Path(__file__).parent / "schemas"


def file_name(fact: type[Fact]) -> str:
    """Where a class's schema is kept, inside DIRECTORY."""
    return f"{fact.type}.v{fact.version}.json"


def schema(fact: type[Fact]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a class's data; its `$id` is the event's `dataschema`."""
    header = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": fact.dataschema()}
    return header | fact.model_json_schema()


def text(fact: type[Fact]) -> str:
    """The schema as it stands in its file."""
    return json.dumps(schema(fact), indent=2, ensure_ascii=False) + "\n"


def write(directory: Path) -> None:
    """Write the schema of every event of the catalog."""
    directory.mkdir(parents=True, exist_ok=True)
    for fact in FACTS:
        (directory / file_name(fact)).write_text(text(fact), "utf-8")


if __name__ == "__main__":
    write(DIRECTORY)
