"""`handoff policy` as an operator uses it, from a mistake to a published version."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from typer.testing import CliRunner, Result

from services.cli.main import app
from services.escalation.domain.policy.document import shipped_text
from tests.escalation import escalation_on
from tests.servers import MakeDatabase
from tests.team import person

TEXT = shipped_text()
CHANGED = TEXT.replace('seller = "1h"', 'seller = "30m"')
Policy: TypeAlias = Callable[..., Awaitable[Result]]


@pytest.fixture
async def policy(database: MakeDatabase) -> Policy:
    """The command, with a fresh database."""
    url = await database("escalation")
    async with escalation_on(url) as escalation:
        await escalation.receive(person("anna"), person("ben"))

    async def run(*arguments: str | Path, address: str = url) -> Result:
        environment = {"ESCALATION_DATABASE_URL": address, "COLUMNS": "160"}
        return await asyncio.to_thread(CliRunner().invoke, app, ["policy", *map(str, arguments)], env=environment)

    return run


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """A file with the default policy and one value changed."""
    file = tmp_path / "policy.toml"
    file.write_text(CHANGED, "utf-8")
    return file


def write(document: Path, text: str | bytes) -> None:
    document.write_bytes(text if isinstance(text, bytes) else text.encode())


async def publish(policy: Policy, document: Path, *more: str, by: str = "anna") -> Result:
    return await policy("publish", document, "--summary", "Sellers have half an hour", "--by", by, *more)


async def published(policy: Policy, document: Path) -> None:
    result = await publish(policy, document)
    assert result.exit_code == 0, result.output


async def test_a_policy_is_shown_changed_checked_compared_published_and_listed(policy: Policy, document: Path) -> None:
    assert (await policy("show")).output == TEXT
    assert (await policy("check", document)).output == f"{document}: policy is valid\n"
    compared = await policy("diff", document)
    assert [cell.strip() for cell in compared.output.splitlines()[3].strip("│").split("│")] == [
        "ladder.high.seller",
        "1h",
        "30m",
    ]
    result = await policy("publish", document, "--summary", "Sellers have half an hour", "--by", "anna")
    assert result.output.startswith("Version 2 applies from 2")
    assert result.exit_code == 0
    assert (await policy("show")).output == CHANGED
    listed = (await policy("history")).output
    assert listed.index("Sellers have half an hour") < listed.index("the beginning")


async def test_differences_are_between_any_two(policy: Policy, document: Path) -> None:
    assert (await policy("diff")).output == "No differences.\n"
    await published(policy, document)
    assert "30m" in (await policy("diff")).output
    assert "30m" in (await policy("diff", "1")).output
    assert (await policy("diff", document)).output == "No differences.\n"
    assert (await policy("diff", "2", document)).output == "No differences.\n"
    back = (await policy("diff", document, "1")).output
    assert back.index("30m") < back.index("1h")


async def test_mistakes_are_reported_with_file_line_and_allowed_values(policy: Policy, document: Path) -> None:
    write(document, TEXT.replace("contacts = 3", "contacts = 1").replace("times = 6", "time = 6"))
    line = TEXT.splitlines().index("contacts = 3") + 1
    for command in (["check"], ["diff"], ["publish", "--summary", "s", "--by", "anna"]):
        result = await policy(command[0], document, *command[1:])
        assert result.exit_code == 1
        assert f"{document}: line {line}, signals.contact_repeated.contacts: must be at least 2" in result.output
        assert "ladder.repeats.time: is not known; use one of: first, longest, times" in result.output
    assert (await policy("history")).output.count("handoff") == 1


async def test_a_policy_already_in_force_is_not_published_again(policy: Policy, document: Path) -> None:
    await published(policy, document)
    result = await policy("publish", document, "--summary", "again", "--by", "anna")
    assert result.exit_code == 1
    assert result.output == "Not published: this document is already in force, as version 2.\n"


async def test_publishing_names_the_replaced_version_and_the_command_for_the_differences(
    policy: Policy, document: Path
) -> None:
    first = (await publish(policy, document)).output
    assert "It replaces version 1, published by handoff: The policy that ships\n" in first
    write(document, TEXT.replace("contacts = 3", "contacts = 4"))
    second = (await publish(policy, document, by="ben")).output
    assert "It replaces version 2, published by anna: Sellers have half an hour\n" in second
    assert "handoff policy diff 2 3 " in second
    assert "ladder.high.seller" in (await policy("diff", "2", "3")).output


async def test_a_document_based_on_an_outdated_version_is_refused_if_it_says_so(policy: Policy, document: Path) -> None:
    assert (await publish(policy, document, "--onto", "1")).exit_code == 0
    write(document, TEXT.replace("contacts = 3", "contacts = 4"))
    result = await publish(policy, document, "--onto", "1", by="ben")
    assert result.exit_code == 1
    assert (
        "Not published: version 1 is no longer the latest: anna published version 2. `handoff policy diff 1`"
        in result.output
    )
    assert (await policy("show")).output == CHANGED
    assert (await publish(policy, document, "--onto", "2", by="ben")).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "reported"),
    [
        (["show", "7"], "There is no version 7; the latest is 1."),
        (["diff", "0"], "There is no version 0; the latest is 1."),
        (["check", "nowhere.toml"], "nowhere.toml cannot be read: No such file or directory."),
        (["diff", "nowhere.toml"], "nowhere.toml cannot be read: No such file or directory."),
        (["publish", "{file}", "--summary", " ", "--by", "anna"], "--summary: must be one line"),
        (["publish", "{file}", "--summary", "s", "--by", ""], "--by: must be one line"),
        (["publish", "{file}", "--summary", "s", "--by", "zoe"], "Not published: zoe is not in the directory."),
        (
            ["publish", "{file}", "--summary", "s", "--by", "anna", "--onto", "2"],
            "Not published: there is no version 2",
        ),
    ],
)
async def test_failures_are_reported_with_status_1(
    policy: Policy, document: Path, arguments: list[str], reported: str
) -> None:
    result = await policy(*(one.replace("{file}", str(document)) for one in arguments))
    assert reported in result.output
    assert result.exit_code == 1


async def test_a_file_that_is_not_text_is_reported_with_its_line(policy: Policy, document: Path) -> None:
    write(document, b"# \xc3\xa4\n# \xff\n")
    result = await policy("check", document)
    assert result.output == f"{document}: line 2: this is not UTF-8 text.\n"
    assert result.exit_code == 1


async def test_the_default_policy_its_schema_and_a_check_need_no_database(policy: Policy, document: Path) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    assert (await policy("show", "--shipped", address=nowhere)).output == TEXT
    assert (await policy("check", document, address=nowhere)).exit_code == 0
    assert json.loads((await policy("show", "--schema", address=nowhere)).output)["type"] == "object"
    result = await policy("history", address=nowhere)
    assert result.exit_code == 1
    assert "The database of escalation does not respond at 127.0.0.1:1/none (ConnectionRefusedError)" in result.output


async def test_other_peoples_words_do_not_control_the_terminal(policy: Policy, document: Path) -> None:
    write(document, CHANGED + '\n[[overrides]]\nsegment = "\\u001b[31m[red]"\nset = {}\n')
    result = await policy("publish", document, "--summary", "a\x1b[31m[bold]", "--by", "anna")
    assert result.exit_code == 0
    output = (await policy("history")).output + (await policy("diff")).output
    assert "\x1b" not in output
    assert "[bold]" in output
