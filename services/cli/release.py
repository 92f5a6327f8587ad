"""The release that runs: its version, and the tag and commit that it was built from."""

import subprocess
from importlib.metadata import version
from pathlib import Path

BUILT_FROM = Path(__file__).with_name("built_from")
"""Written into the wheel by `hatch_build.py`. A checkout asks git instead."""
_CHECKOUT = Path(__file__).parents[2]
_DESCRIBE = ("git", "describe", "--tags", "--long", "--always", "--abbrev=12", "--dirty")


def release() -> str:
    """Such as `0.1.0 (v0.1.0-3-g2e92dd715f20)`: three commits after the tag. The version alone if git is not known."""
    commit = BUILT_FROM.read_text("utf-8").strip() if BUILT_FROM.is_file() else _of_checkout()
    return f"{version('handoff')} ({commit})" if commit else version("handoff")


def _of_checkout() -> str:
    if not (_CHECKOUT / ".git").exists():
        return ""
    try:
        return subprocess.run(_DESCRIBE, cwd=_CHECKOUT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
