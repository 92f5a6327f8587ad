"""The files that define channels say how they differ; all other code treats every channel alike."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeGuard

import pytest
from pydantic import SecretStr

from services.escalation.app import service
from services.escalation.domain import channels
from services.escalation.domain.channels import CHANNELS, SENDING, ChannelDefinition
from services.escalation.settings import EscalationSettings
from shared.contracts.escalation import DeliveryChannel
from tests.architecture.sources import Module, is_migration, modules
from tests.faults.push_server import CONTACT, PRIVATE_KEY

DEFINITIONS = "services.escalation.domain.channels"
CONSTANTS = {name for name, value in vars(channels).items() if isinstance(value, ChannelDefinition)}
MAY_MEAN_ONE: Mapping[str, str] = {
    "services/escalation/domain/channels.py": "describes each",
    "services/escalation/channels/operating.py": "only an e-mail bounces",
    "services/cli/demo/observing.py": "a story looks into the mail that arrived",
    "services/cli/demo/buttons.py": "a story says where somebody presses a button",
    "services/cli/main.py": "names the command `handoff push`",
}
"""Besides the modules that define a channel's sending, in `services/escalation/channels/`."""
_IN_SQL = re.compile(f"'(?:{'|'.join(CHANNELS)})'")
_BY_KEY = {"get", "pop"}


def test_every_channel_that_sends_has_its_loop_and_its_name_in_events() -> None:
    loops = service(EscalationSettings(push_key=SecretStr(PRIVATE_KEY), push_contact=CONTACT)).loops
    without = [name for name in SENDING if CHANNELS[name].label not in loops]
    assert without == [], "list it among `channels` in services/escalation/app.py"
    unequal = {one.value for one in DeliveryChannel} ^ set(SENDING)
    assert unequal == set(), "name it in DeliveryChannel, and describe it in services/escalation/domain/channels.py"


def test_each_sending_channel_has_one_module() -> None:
    sent_on = sorted(vars(channels)[name].name for name in _senders().values())
    assert sent_on == sorted(SENDING), "its module in services/escalation/channels/ says `definition = …`"


def test_a_sending_channel_says_where_its_address_is_and_has_words_for_a_missing_one() -> None:
    unsaid = ChannelDefinition("it", "it")
    said = {name: (CHANNELS[name].no_address, CHANNELS[name].address_gone) for name in SENDING}
    silent = [name for name in SENDING if not all(said[name]) or CHANNELS[name].address is unsaid.address]
    assert silent == [], "say `address`, `no_address` and `address_gone` in services/escalation/domain/channels.py"


def test_no_other_code_branches_on_the_channel() -> None:
    places = [place for module in modules("services", "shared") for place in _meant(module)]
    used = {place.rpartition(":")[0] for place in places}
    broken = [place for place in places if place.rpartition(":")[0] not in {*MAY_MEAN_ONE, *_senders()}]
    needless = [f"{path} needs no exception any more" for path in MAY_MEAN_ONE if path not in used]
    assert broken + needless == [], "describe the difference in services/escalation/domain/channels.py, and use that"


@pytest.mark.parametrize(
    "planted",
    [
        'if delivery.channel == "email": ...',
        'sent = [one for one in deliveries if one.channel not in ("inbox", "other")]',
        'match channel:\n    case "inbox" | "other": ...',
        'WORDS = {"inbox": "the inbox", "email": "e-mail"}',
        'CHANNELS["email"]',
        'claim(pool, "email", 1)',
        'claim(pool, channel="email")',
        "HELD = f\"select 1 from deliveries where {place} and channel = 'email'\"",
        f"from {DEFINITIONS} import CHANNELS, EMAIL\nif channel is EMAIL: ...",
        f"from {DEFINITIONS} import INBOX as SHOWN",
        "if channel is channels.INBOX: ...",
        "if channel == DeliveryChannel.EMAIL: ...",
    ],
)
def test_a_branch_is_detected_in_any_form(planted: str) -> None:
    assert set(_meant(Module("it.py", planted, ast.parse(planted)))) != set()


@pytest.mark.parametrize(
    "text",
    [
        'person["email"]',
        'form.get("email", "")',
        'told = {"name": name, "email": address}',
        'if compared(row["email"]) == wanted: ...',
        "if contact.channel is ContactChannel.EMAIL: ...",
        f"from {DEFINITIONS} import CHANNELS, SENDING",
        '"""Such as "e-mail sent"."""',
    ],
)
def test_an_address_and_a_contact_are_no_channels(text: str) -> None:
    assert list(_meant(Module("it.py", text, ast.parse(text)))) == []


def _senders() -> dict[str, str]:
    """The modules with a channel, which they name in `definition`."""
    return {
        module.path: node.value.id
        for module in modules("services/escalation/channels/")
        for node in module.nodes()
        if isinstance(node, ast.Assign) and [ast.unparse(one) for one in node.targets] == ["definition"]
        if isinstance(node.value, ast.Name)
    }


def _meant(module: Module) -> Iterator[str]:
    """The places where a module refers to one channel."""
    if not is_migration(module.path):
        yield from (f"{module.path}:{getattr(node, 'lineno', 0)}" for node in module.nodes() if _means_one(node))


def _means_one(node: ast.AST) -> bool:
    match node:
        case ast.Compare(left=left, comparators=others):
            return any(map(_names_one, (left, *others)))
        case ast.MatchValue(value=value):
            return _is_name(value)
        case ast.Dict(keys=keys):
            return bool(keys) and all(map(_is_name, keys))
        case ast.Subscript(value=ast.Name(id="CHANNELS"), slice=key):
            return _is_name(key)
        case ast.Call(func=func, args=given, keywords=named):
            by_key = isinstance(func, ast.Attribute) and func.attr in _BY_KEY
            return not by_key and any(map(_is_name, (*given, *(one.value for one in named))))
        case ast.ImportFrom(module=source, names=names):
            return source == DEFINITIONS and not CONSTANTS.isdisjoint(one.name for one in names)
        case ast.Attribute(value=ast.Name(id="channels"), attr=name):
            return name in CONSTANTS
        case ast.Attribute(value=ast.Name(id="DeliveryChannel")):
            return True
        case ast.Constant(value=str(text)):
            return _IN_SQL.search(text) is not None
    return False


def _names_one(side: ast.expr) -> bool:
    within: Iterable[ast.expr] = side.elts if isinstance(side, ast.Tuple | ast.List | ast.Set) else (side,)
    return any(map(_is_name, within))


def _is_name(node: ast.expr | None) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and node.value in CHANNELS
