"""The README and the commands agree."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from services.cli.installation import ServiceName
from services.cli.lazy import LazyGroup
from services.cli.main import app
from services.cli.run import runnable
from shared.contracts.dead_letters import topic_of
from tests.architecture.sources import ROOT

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))
IN_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)


@pytest.fixture(scope="module")
def readme() -> str:
    path = ROOT / "README.md"
    if not path.is_file():
        pytest.skip("there is no README yet")
    return path.read_text("utf-8")


def test_every_make_target_of_the_readme_exists(readme: str) -> None:
    code = "\n".join(IN_CODE.findall(readme))
    assert set(re.findall(r"\bmake ([a-z-]+)", code)) <= TARGETS


def test_the_readme_names_every_command(readme: str) -> None:
    missing = [command for command in _commands(get_command(app), "handoff") if command not in readme]
    assert missing == []


def test_the_operators_page_has_the_rights_on_every_topic_and_group() -> None:
    page = (ROOT / "docs" / "operators.md").read_text("utf-8")
    rows = re.findall(
        r"^\| `([a-z0-9.-]+)` \| (.+?) \|(?: (.+?) \|)?$", _section(page, "Who may use which topic"), re.M
    )
    ours = [each.service(each.settings()) for each in map(runnable, ServiceName)]
    groups = {name: writes for name, writes, reads in rows if not reads}
    assert groups == {service.name: f"`{service.name}`" for service in ours}
    reported = {topic: (_services(writes), _services(reads)) for topic, writes, reads in rows if reads}
    writers = {topic: service.name for service in ours for topic in (*service.publishes, topic_of(service.name))}
    topics = {*writers, *(topic for service in ours for topic in service.listens_to)}
    assert reported == {
        topic: (
            {writers[topic]} if topic in writers else set(),
            {service.name for service in ours if topic in service.listens_to},
        )
        for topic in topics
    }


def _section(page: str, title: str) -> str:
    return page.partition(f"## {title}\n")[2].partition("\n## ")[0]


def _services(cell: str) -> set[str]:
    return set(re.findall(r"`([a-z]+)`", cell))


def test_the_operators_page_has_every_setting() -> None:
    page = (ROOT / "docs" / "operators.md").read_text("utf-8")
    fields = [field for service in map(runnable, ServiceName) for field in service.settings.model_fields.items()]
    variables = {str(field.validation_alias or name).upper() for name, field in fields}
    assert variables - set(re.findall(r"`([A-Z_]+)`", page)) == set()


def test_the_readme_moves_a_help_desk_s_log_by_whole_weeks(readme: str) -> None:
    reported = re.search(r"--starts-at (\S+)", readme)
    assert reported is not None
    begins = datetime(2016, 2, 29, 1, 16, tzinfo=UTC)  # the first incident of the data set
    assert (datetime.fromisoformat(reported[1]) - begins) % timedelta(weeks=1) == timedelta(0)


def test_every_phony_target_has_a_line_of_help() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == TARGETS


def test_ci_runs_the_readmes_commands(readme: str) -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    reported = ("make demo", "make test", "make check")
    assert [command for command in reported if command not in script or command not in readme] == []


def _commands(command: object, path: str) -> Iterator[str]:
    if not isinstance(command, TyperGroup):
        yield path
        return
    inside = command.loaded() if isinstance(command, LazyGroup) else command.commands
    for name, inner in inside.items():
        yield from _commands(inner, f"{path} {name}")
