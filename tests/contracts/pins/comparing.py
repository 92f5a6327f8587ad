"""Compares the names in the code with those in pinned.json. Names may be added; pinned ones must stay."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.contracts.pins import answered, kept, operated, wire
from tests.contracts.pins.group import Group, Names

FILE = Path(__file__).parents[1] / "pinned.json"
GROUPS: tuple[Group, ...] = (*wire.GROUPS, *kept.GROUPS, *operated.GROUPS, *answered.GROUPS)
ELSEWHERE: Mapping[str, str] = {
    "members and values of events of the catalog, such as signals, severities, ring causes, ladder steps and results": (
        "tests/contracts/baseline.json"
    ),
    "bytes and attributes of events as they were sent": "tests/contracts/samples",
    "headers of events over Kafka and HTTP": "tests/contracts/test_cloudevents.py",
    "tables as the migrations make them": "tests/integration/test_migrations.py",
}
"""The groups that other files pin, and those files: no group repeats them."""
_STAYS = """
Installations have these names. {why}
Python names may change; here the old word stays, as the value of an enum, the name of a column, an alias or a text.
If it must change: expand, then contract (docs/decisions/0020-expand-then-contract.md), then run
    python -m tests.contracts.pins --contracted"""


def pinned() -> dict[str, Names]:
    """The names in the file, by group."""
    groups = json.loads(FILE.read_text("utf-8"))["groups"] if FILE.exists() else {}
    return {title: group["names"] for title, group in groups.items()}


def broken(before: Names, now: Names) -> Iterator[str]:
    """Each name that is gone, and each value that has changed."""
    for subject, names in before.items():
        if subject not in now:
            yield f"{subject} is gone"
        elif isinstance(names, list):
            yield from (f"{subject}: {name} is gone" for name in names if name not in now[subject])
        elif json.dumps(names) != json.dumps(now[subject]):
            yield f"{subject}: was {json.dumps(names)} and is {json.dumps(now[subject])}"


def added(before: Names, now: Names) -> Iterator[str]:
    """Each new name."""
    for subject, names in now.items():
        if subject not in before:
            yield f"{subject} is new"
        elif isinstance(names, list):
            yield from (f"{subject}: {name} is new" for name in names if name not in before[subject])


def complaint(group: Group, changes: list[str]) -> str:
    """The reason why these changes are not allowed, and a remedy."""
    return "\n".join([f"{group.title}:", *(f"  {change}" for change in changes), _STAYS.format(why=group.why)])


def written(names: Mapping[str, Names]) -> str:
    """The text of the file, one line for each subject."""
    groups = []
    for group in GROUPS:
        lines = [f"    {_json(subject)}: {_json(each)}" for subject, each in names[group.title].items()]
        body = ",\n".join(lines)
        groups.append(f'  {_json(group.title)}: {{"why": {_json(group.why)}, "names": {{\n{body}\n  }}}}')
    elsewhere = ",\n".join(f"  {_json(what)}: {_json(where)}" for what, where in ELSEWHERE.items())
    return f'{{\n"pinned elsewhere": {{\n{elsewhere}\n}},\n"groups": {{\n' + ",\n".join(groups) + "\n}\n}\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
