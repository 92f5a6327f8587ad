"""A decision becomes rows, events and timers in one place, and is made in few."""

import ast
import re
from collections.abc import Iterator

from services.escalation.domain.decisions.registry import DECISIONS
from tests.architecture.sources import Module, modules

ESCALATION = "services/escalation/"
DRAFT, APPLY = f"{ESCALATION}domain/draft.py", f"{ESCALATION}handlers/apply.py"
EFFECTS = {"publish", "set_timer", "cancel_timer", "hurry_timers", "reject"}


def _calls(module: Module) -> Iterator[ast.Call]:
    yield from (node for node in module.nodes() if isinstance(node, ast.Call))


def _methods_called(module: Module, of: str) -> set[str]:
    """The methods that a module calls on a variable or attribute of this name."""
    called = [call.func for call in _calls(module) if isinstance(call.func, ast.Attribute)]
    return {one.attr for one in called if _last_name(one.value) == of}


def _last_name(node: ast.expr) -> str | None:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else None


def test_one_module_leaves_effects_in_a_transaction() -> None:
    leaving = {one.path for one in modules(ESCALATION) if _methods_called(one, "tx") & EFFECTS}
    assert leaving == {APPLY}


def test_handlers_change_rows_by_decisions_alone() -> None:
    rows = {"put", "put_account", "put_order", "put_person", "put_case", "put_episode", "put_signal", "put_alert"}
    changing = {one.path for one in modules(ESCALATION) if _methods_called(one, "work") & {*rows, "put_delivery"}}
    assert changing == {DRAFT}


def test_only_handlers_know_the_transaction() -> None:
    knowing = {
        one.path for one in modules(ESCALATION) if re.search(r"shared.transaction import .*\bTransaction\b", one.text)
    }
    assert knowing == {APPLY, f"{ESCALATION}handlers/__init__.py"}


def test_every_decision_is_made_somewhere() -> None:
    made = {name for one in modules(ESCALATION) for call in _calls(one) if (name := _last_name(call.func)) is not None}
    assert {one.__name__ for one in DECISIONS} - made == set()
