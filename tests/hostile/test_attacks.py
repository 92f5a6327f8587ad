"""Every attack of the list has existing tests; and two attacks are prevented by the composition of the product."""

import ast
import re
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.hostile.attacks import ATTACKS

TESTS = Path(__file__).parents[1]
PROJECT = TESTS.parent
FETCHING = {
    "aiohttp",
    "ftplib",
    "http.client",
    "httpx",
    "httpx2",
    "requests",
    "urllib.request",
    "urllib3",
    "websockets",
}
CURED = {"aiosmtplib": "5.1.2", "h11": "0.16.0", "jinja2": "3.1.6", "python-multipart": "0.0.31", "starlette": "1.3.1"}
"""For each library, the first version without the vulnerabilities known of earlier ones."""


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_names_existing_tests(attack: str) -> None:
    assert ATTACKS[attack]
    for name in ATTACKS[attack]:
        module, _, test = name.partition("::")
        assert test in defined_in(module), name


def test_no_attack_is_removed_from_the_list() -> None:
    assert len(ATTACKS) >= 52


@pytest.mark.parametrize("package", ["services/orders", "services/support", "services/escalation", "shared"])
def test_no_part_of_the_product_fetches_an_address(package: str) -> None:
    """No address in an event or a form makes a server request it: no service has a client for HTTP or FTP."""
    found = [
        f"{path}: {name}"
        for path in (PROJECT / package).rglob("*.py")
        for name in imported(path)
        if name in FETCHING or name.partition(".")[0] in FETCHING
    ]
    assert found == []


@pytest.mark.parametrize("library", CURED)
def test_no_library_has_a_version_with_known_vulnerabilities(library: str) -> None:
    pinned = re.search(rf"^{library}==(\S+)", (PROJECT / "requirements" / "runtime.txt").read_text("utf-8"), re.M)
    assert pinned is not None
    for used in (pinned[1], version(library)):
        assert numbers(used) >= numbers(CURED[library])


@cache
def defined_in(module: str) -> frozenset[str]:
    """The names of a module's tests."""
    tree = ast.parse((TESTS / f"{module}.py").read_text("utf-8"))
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(function.name for function in functions if function.name.startswith("test_"))


def imported(path: Path) -> set[str]:
    """The names of the modules that a module imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])
