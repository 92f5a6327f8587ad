"""The wheel: what it leaves out, and how its commands respond without it."""

import ast
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OF_A_CHECKOUT = (("demo",), ("up",), ("mail",), ("push", "list"), ("push", "subscribe", "anna"))
# The checkout itself is left out: an editable installation has it on the path.
CALL = (
    "import sys; from pathlib import Path; given = sys.argv.pop(1); "
    "sys.path = [given, *(one for one in sys.path if not (Path(one) / 'services').is_dir())]; "
    "from services.cli.main import app; app(prog_name='handoff')"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The content of the wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    building = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(building, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as opened:
        opened.extractall(folder / "content")
    return folder / "content"


def call(wheel: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-c", CALL, str(wheel), *arguments]
    return subprocess.run(command, cwd=wheel.parent, capture_output=True, text=True, check=False, env={})


def imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        match node:
            case ast.ImportFrom(module=str(name)):
                yield name.partition(".")[0]
            case ast.Import(names=names):
                yield from (one.name.partition(".")[0] for one in names)


def test_nothing_in_the_wheel_needs_the_local_servers(wheel: Path) -> None:
    assert not (wheel / "deploy").exists()
    assert [str(file) for file in wheel.rglob("*.py") if {"deploy", "tests"} & set(imported(file))] == []


@pytest.mark.parametrize("arguments", OF_A_CHECKOUT, ids=" ".join)
def test_a_command_of_a_checkout_says_in_one_sentence_what_to_install(wheel: Path, arguments: tuple[str, ...]) -> None:
    called = call(wheel, *arguments)
    assert (called.returncode, called.stdout) == (1, "")
    assert called.stderr.count("\n") == 1
    assert "requirements/local.txt" in called.stderr


def test_the_list_of_commands_shows_those_of_the_wheel(wheel: Path) -> None:
    listed = {line.split()[1] for line in call(wheel, "--help").stdout.splitlines() if line.startswith("│ ")}
    assert {"run", "migrate", "health", "push", "policy"} <= listed
    assert not listed & {"demo", "up", "mail"}


def test_a_key_is_made_without_the_local_servers(wheel: Path) -> None:
    called = call(wheel, "push", "key")
    assert (called.returncode, len(called.stdout)) == (0, 44), called.stderr


def test_the_wheel_knows_the_commit_it_was_built_from(wheel: Path) -> None:
    assert re.fullmatch(r"(v[0-9.]+-[0-9]+-g)?[0-9a-f]{12}(-dirty)?", (wheel / "services/cli/built_from").read_text())
    assert call(wheel, "--version").stdout.endswith(f" ({(wheel / 'services/cli/built_from').read_text()})\n")
