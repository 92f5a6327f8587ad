"""The policy of every release is kept: databases created with it keep using it."""

import subprocess

import pytest

from services.escalation.domain.policy.document import digest
from tests.architecture.sources import ROOT

_SHIPPED = "services/escalation/domain/policy/default.toml"
_KEPT = ("tests/unit/policies/shipped", "services/escalation/domain/policy/past")


def test_the_policy_of_every_release_is_kept() -> None:
    releases = _git("tag", "--list", "v*").split()
    if not releases:
        pytest.skip("this checkout has no tags")
    kept = {digest(file.read_text("utf-8")) for folder in _KEPT for file in (ROOT / folder).glob("*.toml")}
    missing = [tag for tag in releases if digest(_git("show", f"{tag}:{_SHIPPED}")) not in kept]
    assert missing == [], f"keep the shipped policy: git show {missing[0]}:{_SHIPPED} > {_KEPT[0]}/{missing[0]}.toml"


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True, text=True).stdout
