"""Writes into the wheel the tag and commit that it is built from, for `handoff --version`."""

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_DESCRIBE = ("git", "describe", "--tags", "--long", "--always", "--abbrev=12", "--dirty")


class BuiltFrom(BuildHookInterface[Any]):
    """Takes HANDOFF_RELEASE where it is set, as in the image, whose build has no git; else asks git."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        self._folder = tempfile.TemporaryDirectory()
        file = Path(self._folder.name) / "built_from"
        file.write_text(os.environ.get("HANDOFF_RELEASE") or self._described(), "utf-8")
        build_data["force_include"][str(file)] = "services/cli/built_from"

    def _described(self) -> str:
        if not (Path(self.root) / ".git").exists():
            return ""
        try:
            return subprocess.run(_DESCRIBE, cwd=self.root, capture_output=True, text=True, check=True).stdout.strip()
        except (OSError, subprocess.CalledProcessError):
            return ""
