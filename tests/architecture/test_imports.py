"""Nothing happens at import: a module's own code touches no file, socket, thread, process or variable."""

import subprocess
import sys

from tests.architecture.sources import PRODUCT, ROOT, is_migration, modules

RUN_WHEN_IMPORTED = {"shared.migrations.env"}  # Alembic imports it in order to migrate


def test_importing_a_module_does_nothing() -> None:
    importable = [module.name for module in modules(*PRODUCT) if not is_migration(module.path)]
    names = sorted(set(importable) - RUN_WHEN_IMPORTED)
    watched = subprocess.run(
        [sys.executable, "-B", "-m", "tests.architecture.watched_imports", *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert (watched.returncode, watched.stderr) == (0, "")
    assert watched.stdout.splitlines() == []
