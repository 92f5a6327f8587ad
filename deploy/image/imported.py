"""Imports every module of the product. Python then compiles the modules that it needs, and no others, and a module that
needs more than the image has ends the build."""

import importlib
import pkgutil

RUN_BY_ALEMBIC = ".migrations."


def main() -> None:
    """Import them all. Raises the first error."""
    for name in ("services", "shared"):
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if RUN_BY_ALEMBIC not in module.name:
                importlib.import_module(module.name)


if __name__ == "__main__":
    main()
