"""Checks whether topics keep their records as the services need: people for ever, facts long enough, none replaced.

Topics made by hand have the broker's defaults. Start at `check_settings`; it checks topics that the user may describe.
"""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.logs import get_logger

_DAY_MS = 86_400_000
_UNLIMITED = "-1"
_LOOKED_AT = ("cleanup.policy", "retention.ms", "retention.bytes", "max.message.bytes", "message.timestamp.type")
LOG_APPEND_TIME = "LogAppendTime"
MAX_MESSAGE_BYTES = 1_048_576
_NEEDED_MESSAGE_BYTES = 1_000_000  # the largest message that our producers send

log = get_logger(__name__)

Settings: TypeAlias = Mapping[str, str]


async def check_settings(admin: AIOKafkaAdminClient, compacted: Mapping[str, bool], retention_ms: int) -> list[str]:
    """The settings that would lose records, with the remedies.

    Warns of topics that keep records for too short, age them by their publishers' clocks, or refuse large ones.
    """
    found = await _settings(admin, compacted)
    for name, settings in sorted(found.items()):
        reason = None if compacted[name] else too_short(name, settings, retention_ms)
        if reason is not None:
            log.warning("a topic keeps its records for too short a time", topic=name, reason=reason)
        if not compacted[name] and (reason := aged_by_publishers(name, settings)) is not None:
            log.warning("a topic deletes records by the time that their publisher gave them", topic=name, reason=reason)
        if (reason := too_small(name, settings)) is not None:
            log.warning("a topic refuses large records", topic=name, reason=reason)
    if hidden := sorted(compacted.keys() - found.keys()):
        log.info("settings of topics were not checked: this user may not describe them", topics=hidden)
    faults = (fault_in(name, settings, compacted=compacted[name]) for name, settings in sorted(found.items()))
    return [fault for fault in faults if fault is not None]


def fault_in(name: str, settings: Settings, *, compacted: bool) -> str | None:
    """The fault in a topic's retention settings, with the remedy."""
    policies = set(settings.get("cleanup.policy", "delete").split(","))
    if compacted and ("compact" not in policies or ("delete" in policies and _limited(settings))):
        return (
            f"Topic {name} has cleanup.policy={','.join(sorted(policies))}: it has to be compacted, as it must keep "
            f"the latest record of every person for ever. Run kafka-configs.sh --alter --topic {name} --add-config "
            "cleanup.policy=compact; then `handoff outbox replay --since WHEN orders` publishes all people again."
        )
    if not compacted and "compact" in policies:
        return (
            f"Topic {name} has cleanup.policy={','.join(sorted(policies))}: compacted, it would keep only the latest "
            f"fact of each account. Run kafka-configs.sh --alter --topic {name} --add-config cleanup.policy=delete."
        )
    return None


def too_short(name: str, settings: Settings, retention_ms: int) -> str | None:
    """The warning if a topic keeps records for less than expected: a process that is down for longer misses some."""
    kept = settings.get("retention.ms", _UNLIMITED)
    if kept != _UNLIMITED and int(kept) < retention_ms:
        is_value, expected = f"{kept} ({_days(int(kept))})", f"{retention_ms} ({_days(retention_ms)})"
        return _wrong(name, "retention.ms", is_value, expected, f"retention.ms={retention_ms}")
    most = settings.get("retention.bytes", _UNLIMITED)
    no_limit = f"retention.bytes={_UNLIMITED}"
    return None if most == _UNLIMITED else _wrong(name, "retention.bytes", most, f"{_UNLIMITED} (no limit)", no_limit)


def _days(milliseconds: int) -> str:
    days = f"{milliseconds / _DAY_MS:.3g}"
    return f"{days} day{'s' * (days != '1')}"


def _wrong(name: str, setting: str, found: str, expected: str, remedy: str) -> str:
    """One setting that is not as Handoff expects it, with the command that changes it."""
    return (
        f"{setting} is {found}; Handoff expects {expected}. "
        f"Run kafka-configs.sh --alter --topic {name} --add-config {remedy}"
    )


def aged_by_publishers(name: str, settings: Settings) -> str | None:
    """The warning if records with old timestamps, as in an imported history, may be deleted unread."""
    type = settings.get("message.timestamp.type")
    if type is None or type == LOG_APPEND_TIME or settings.get("retention.ms", _UNLIMITED) == _UNLIMITED:
        return None
    setting = "message.timestamp.type"
    return _wrong(name, setting, type, LOG_APPEND_TIME, f"{setting}={LOG_APPEND_TIME}")


def too_small(name: str, settings: Settings) -> str | None:
    """The warning if a topic refuses records that a service may publish: the account's later records would wait."""
    most = settings.get("max.message.bytes")
    if most is None or int(most) >= _NEEDED_MESSAGE_BYTES:
        return None
    setting = "max.message.bytes"
    return _wrong(name, setting, most, str(MAX_MESSAGE_BYTES), f"{setting}={MAX_MESSAGE_BYTES}")


def _limited(settings: Settings) -> bool:
    limits = (settings.get("retention.ms", _UNLIMITED), settings.get("retention.bytes", _UNLIMITED))
    return any(limit != _UNLIMITED for limit in limits)


async def _settings(admin: AIOKafkaAdminClient, names: Iterable[str]) -> dict[str, Settings]:
    """The settings of topics that this user may describe, by topic."""
    wanted = dict.fromkeys(_LOOKED_AT)
    resources = [ConfigResource(ConfigResourceType.TOPIC, name, configs=wanted) for name in sorted(names)]
    answers = await admin.describe_configs(resources)
    return {
        name: {entry[0]: entry[1] for entry in entries if entry[1] is not None}
        for answer in answers
        for code, _, _, name, entries in answer.resources
        if code == 0
    }
