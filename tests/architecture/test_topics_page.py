"""The operators' page lists the existing topics, each with its required settings."""

from services.cli.installation import ServiceName
from services.cli.run import runnable
from shared.contracts.dead_letters import topic_of as dead_letters_of
from shared.messaging.topics import shape
from tests.architecture.sources import ROOT

_DAY_MS = 86_400_000
_HEAD = "| topic | written by | read by | `cleanup.policy` | `retention.ms` | other settings |"


def test_the_operators_page_has_every_topic_with_its_settings() -> None:
    page = (ROOT / "docs" / "operators.md").read_text("utf-8").splitlines()
    start = page.index(_HEAD) + 2
    reported = page[start : page.index("", start)]
    assert reported == _table(), "put these lines under the head of the table:\n" + "\n".join(_table())


def _table() -> list[str]:
    services = {name: one.service(one.settings()) for name in ServiceName for one in [runnable(name)]}
    writers: dict[str, str] = {}
    readers: dict[str, list[str]] = {}
    for name, service in services.items():
        writers |= dict.fromkeys((*service.publishes, dead_letters_of(service.name)), name.value)
        for topic in service.listens_to:
            readers.setdefault(topic, []).append(name.value)
    return [_row(topic, writers, readers) for topic in sorted({*writers, *readers})]


def _row(topic: str, writers: dict[str, str], readers: dict[str, list[str]]) -> str:
    settings = shape(topic).configuration(3)
    policy, retention = settings.pop("cleanup.policy", "delete"), settings.pop("retention.ms", None)
    kept = f"{retention} ({int(retention) // _DAY_MS} days)" if retention else "–"
    others = ", ".join(f"`{name}={value}`" for name, value in sorted(settings.items()) if name not in _OF_EVERY_TOPIC)
    read_by = ", ".join(readers.get(topic, ())) or "–"
    return f"| `{topic}` | {writers.get(topic, 'publishers')} | {read_by} | {policy} | {kept} | {others or '–'} |"


_OF_EVERY_TOPIC = {
    "max.message.bytes",
    "message.timestamp.type",
    "min.insync.replicas",
    "unclean.leader.election.enable",
}


def test_settings_of_every_topic_are_stated_once() -> None:
    page = (ROOT / "docs" / "operators.md").read_text("utf-8")
    for name in _OF_EVERY_TOPIC:
        value = shape("orders.sales.v1").configuration(3)[name]
        assert f"`{name}={value}`" in page
