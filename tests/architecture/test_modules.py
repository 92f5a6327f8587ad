"""House rules on modules that no linter knows. Each test lists the places that break its rule."""

import ast
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from shared.telemetry import Attribute
from tests.architecture.sources import PRODUCT, ROOT, SERVICES, Module, is_migration, modules

LINES = 300
VAGUE = {"common", "data", "helper", "helpers", "info", "manager", "util", "utils"}

MAY_CATCH_EVERYTHING = {
    "shared/runtime.py": "keeps a process's loops going",
    "shared/messaging/consumer.py": "keeps the partition going",
    "shared/messaging/applying.py": "what fails in one portion of a batch does not stop the others",
    "shared/rounds.py": "an account that fails does not keep the others from their turn",
    "shared/http/ingress.py": "what fails on a request is kept as a dead letter, as the consumer does with a record",
    "services/cli/dead_letters.py": "a dead letter that still fails does not keep the others from their turn",
    "shared/messaging/tolerant_records.py": "an unreadable batch; if raised, records of other partitions are lost",
    "shared/messaging/positions.py": "waits for a database that is away, and raises whatever waiting cannot mend",
}
MAY_COMMIT = {
    "shared/transaction.py": "the one transaction",
    "shared/messaging/consumer.py": "offsets to Kafka, after the transaction that stored them",
    "shared/migrations/upgrading.py": "changes tables, not what is in them",
    "services/escalation/store/claims.py": "claims what is sent next under its recipient's lock",
    "services/escalation/store/sessions.py": "adds a link under a lock, and ends a device together with its session",
    "services/escalation/store/devices.py": "ends other devices of a browser together with adding it",
    "services/escalation/store/sign_outs.py": "ends a person's sessions, links and devices together",
}
MAY_WRITE_BY_ITSELF = {
    "shared/messaging/positions.py": "how far partitions were read",
    "shared/messaging/known_partitions.py": "which partitions are read",
    "shared/messaging/topic_ids.py": "which topic the stored offsets are of",
    "shared/messaging/deleted_unread.py": "what Kafka deleted before it was read",
    "shared/messaging/recreated.py": "what an operator did about a topic that was deleted",
    "shared/messaging/kept_letters.py": "what an operator put away for good",
    "shared/messaging/relay.py": "what Kafka has confirmed is marked as sent",
    "shared/outbox.py": "what was sent long ago is deleted",
    "services/cli/demo/clock.py": "what time it is in a demo is no fact about a customer",
    "services/escalation/store/sessions.py": "who is signed in is no fact about a customer",
    "services/escalation/store/upward_notices.py": "claims notices before they are sent, and says what became of them",
    "services/escalation/store/address_notices.py": "claims notices of a changed address, and what came of each",
    "services/escalation/store/devices.py": "which browsers receive notifications is no fact about a customer",
    "services/escalation/store/shown.py": "claims notifications before they are taken back",
    "services/escalation/store/figures.py": "who looked at whose figures is no fact about a customer",
    "services/escalation/store/deliveries.py": "gives up on attempts that never came back",
}
READS_THE_CLOCK = {"now", "utcnow", "today", "uuid1", "uuid4"}


def test_modules_stay_under_three_hundred_lines() -> None:
    long = [f"{module.path}: {lines}" for module in modules(*PRODUCT, "tests") if (lines := _lines(module)) > LINES]
    assert long == []


def test_every_module_says_why_it_exists() -> None:
    silent = [module.path for module in modules(*PRODUCT, "tests") if ast.get_docstring(module.tree) is None]
    assert silent == []


def test_names_are_specific() -> None:
    vague = [f"{module.path}: {name}" for module in modules(*PRODUCT, "tests") for name in _vague_names(module)]
    assert vague == []


def test_nothing_but_loops_catches_everything() -> None:
    caught = [
        f"{module.path}:{handler.lineno}"
        for module in modules(*PRODUCT)
        for handler in module.nodes()
        if isinstance(handler, ast.ExceptHandler) and _catches_everything(handler) and not _passes_it_on(handler)
    ]
    suppressed = [
        f"{module.path}:{call.lineno}"
        for module in modules(*PRODUCT)
        for call in module.nodes()
        if isinstance(call, ast.Call) and _called(call) == "suppress" and any(map(_is_everything, call.args))
    ]
    assert _against(MAY_CATCH_EVERYTHING, caught + suppressed) == []


def test_only_the_transaction_commits() -> None:
    commits = [
        f"{module.path}:{call.lineno}"
        for module in modules(*PRODUCT)
        for call in module.nodes()
        if isinstance(call, ast.Call) and _called(call) in {"transaction", "commit", "begin"} and not _only_reads(call)
    ]
    assert _against(MAY_COMMIT, commits) == []


def test_nothing_writes_outside_the_transaction() -> None:
    writes = [
        f"{module.path}:{call.lineno}"
        for module in modules("services", "shared")
        for call in module.nodes()
        if isinstance(call, ast.Call) and _writes_by_itself(call, module)
    ]
    assert _against(MAY_WRITE_BY_ITSELF, writes) == []


def test_rules_get_the_time_and_invent_nothing() -> None:
    pure = [f"services/{service}/domain" for service in SERVICES]
    asked = [
        f"{module.path}:{call.lineno}"
        for module in modules(*pure, "shared/contracts/", "shared/ids.py", "shared/precedence.py")
        for call in module.nodes()
        if isinstance(call, ast.Call) and _called(call) in READS_THE_CLOCK | {"open", "print", "input"}
    ]
    assert asked == []


def test_every_attribute_of_a_span_is_set_somewhere() -> None:
    # `trace.py` only shows them.
    setting = [module for module in modules(*PRODUCT) if module.path != "services/cli/trace.py"]
    used = {
        node.attr
        for module in setting
        for node in module.nodes()
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Attribute"
    }
    assert set(Attribute.__members__) - used == set()


def test_import_rules_see_every_module() -> None:
    folders = {Path(module.path).parent for module in modules(*PRODUCT) if not is_migration(module.path)}
    unseen = [str(folder) for folder in sorted(folders) if not (ROOT / folder / "__init__.py").is_file()]
    assert unseen == [], "import-linter passes over a folder without __init__.py"


def _against(allowed: Mapping[str, str], places: Sequence[str]) -> list[str]:
    """The places outside the allowed modules, and allowed modules that no longer need it."""
    used = {place.rpartition(":")[0] for place in places}
    broken = [place for place in places if place.rpartition(":")[0] not in allowed]
    return broken + [f"{path} needs no exception any more" for path in allowed if path not in used]


def _lines(module: Module) -> int:
    return len(module.text.splitlines())


def _vague_names(module: Module) -> list[str]:
    classes = [node.name for node in module.nodes() if isinstance(node, ast.ClassDef)]
    words = {name: {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)} for name in classes}
    name = module.name.rpartition(".")[-1]
    return [name for name, parts in {**words, name: set(name.split("_"))}.items() if parts & VAGUE]


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(map(_is_everything, caught))


def _is_everything(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in {"Exception", "BaseException"}


def _passes_it_on(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _only_reads(call: ast.Call) -> bool:
    return any(
        argument.arg == "readonly" and isinstance(argument.value, ast.Constant) and argument.value.value is True
        for argument in call.keywords
    )


def _writes_by_itself(call: ast.Call, module: Module) -> bool:
    """Whether a changing statement runs on a connection outside any transaction, and so commits by itself."""
    if not (isinstance(call.func, ast.Attribute) and call.args):
        return False
    statement = call.args[0]
    text = _constants(module).get(statement.id, "") if isinstance(statement, ast.Name) else ast.unparse(statement)
    changes = re.search(r"\b(insert|update|delete)\b", text, re.IGNORECASE) is not None
    return changes and ast.unparse(call.func.value) in _outside_of_transactions(module)


def _outside_of_transactions(module: Module) -> set[str]:
    typed = {
        argument.arg
        for argument in module.nodes()
        if isinstance(argument, ast.arg) and argument.annotation is not None
        if ast.unparse(argument.annotation) in {"Pool", "DirectConnection"}
    }
    return {"pool", "self.pool", "self._pool", "resources.pool"} | typed


def _constants(module: Module) -> dict[str, str]:
    return {
        target.id: ast.unparse(node.value)
        for node in module.tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
