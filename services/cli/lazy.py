"""Commands that are imported when they are called: help, completion and the others need no more than their names.

Start at `Lazy`, one line of the list; `group_of` makes the group that `typer.Typer(cls=…)` takes.
"""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

_ROOT = Path(__file__).parents[2]
"""The folder that `services` is in."""


@dataclass(frozen=True, slots=True)
class Lazy:
    """A command: its name, where it is (`module:function` or `module:app`), and the first line of its help."""

    name: str
    place: str
    summary: str

    @property
    def is_installed(self) -> bool:
        """False for a command of a checkout alone: its module is not in the wheel."""
        return _exists(self.place.partition(":")[0])

    def load(self) -> Any:
        """The command or the group, as typer runs it. Ends the command if its module is not in this installation."""
        module, _, attribute = self.place.partition(":")
        if not self.is_installed:
            raise _not_installed()
        found = getattr(importlib.import_module(module), attribute)
        if isinstance(found, typer.Typer):
            group = get_group(found)
            group.name = self.name
            return group
        alone = typer.Typer(add_completion=False)
        alone.command(self.name)(found)
        return get_command(alone)


class LazyGroup(TyperGroup):
    """Shows its commands by name and summary, and imports the one that is called."""

    lazy: Mapping[str, Lazy] = {}

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, one in self.lazy.items():
            self.add_command(TyperCommand(name, help=one.summary, hidden=not one.is_installed), name)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, self.lazy[name].load() if name else command, rest

    def loaded(self) -> Mapping[str, Any]:
        """Every command itself, all imported."""
        return {name: one.load() for name, one in self.lazy.items()}


def group_of(commands: Sequence[Lazy]) -> type[LazyGroup]:
    """A group of these commands, in this order."""
    return type("Commands", (LazyGroup,), {"lazy": {one.name: one for one in commands}})


def _exists(module: str) -> bool:
    """Whether the file of a module is there; to ask Python would import the packages that it is in."""
    place = _ROOT.joinpath(*module.split("."))
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


def _not_installed() -> typer.Exit:
    from services.cli.terminal import stop_with

    return stop_with(
        "This command works with servers that only a checkout of Handoff starts on its machine: install it there with "
        "`pip install --require-hashes -r requirements/local.txt` and `pip install --no-deps --editable .`."
    )
