"""Named points at every step of consumer, relay, delivery and timers where a process can be made to die.

The product does not know them: a process that is to die at one has that one function wrapped before it starts. A point
whose function was removed or renamed cannot be armed, and the run fails.
"""

import functools
import inspect
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

Counts = Callable[[Sequence[Any], Any], Any]


@dataclass(frozen=True)
class CrashPoint:
    """Before or after a call of `function`, a dotted name inside `module`.

    `counts` returns whether the call did anything, from its arguments and its result (None before the call): a poll
    that finds no due timer does not count.
    """

    module: str
    function: str
    after: bool
    counts: Counts = lambda *_: True

    def arm(self, nth: int) -> None:
        """Have this process killed at the nth time from now on."""
        *path, name = self.function.split(".")
        owner: Any = import_module(self.module)
        for part in path:
            owner = getattr(owner, part)
        setattr(owner, name, _mortal(getattr(owner, name), self, nth))


def _mortal(function: Callable[..., Any], point: CrashPoint, nth: int) -> Callable[..., Any]:
    left = nth

    def reach(arguments: Sequence[Any], result: Any) -> None:
        nonlocal left
        left -= bool(point.counts(arguments, result))
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    @functools.wraps(function)
    async def awaited(*args: Any, **kwargs: Any) -> Any:
        if not point.after:
            reach(args, None)
        result = await function(*args, **kwargs)
        if point.after:
            reach(args, result)
        return result

    assert inspect.iscoroutinefunction(inspect.unwrap(function)), f"{point.module}.{point.function} is not async"
    return awaited


def _second(arguments: Sequence[Any], _: Any) -> Any:
    """Whether the second argument is not empty."""
    return arguments[1]


def _third(arguments: Sequence[Any], _: Any) -> Any:
    return arguments[2]


def _result(_: Sequence[Any], result: Any) -> Any:
    return result


def _timers(arguments: Sequence[Any], _: Any) -> bool:
    """Whether `InputProcessor._save(self, tx, batch, …)` saves fired timers."""
    inputs = arguments[2].inputs
    return bool(inputs) and inputs[0].kind.value == "timer"


_CONSUMER, _RELAY, _TRANSACTION = "shared.messaging.consumer", "shared.messaging.relay", "shared.transaction"
_APPLYING = "shared.messaging.applying"
_SENDER, _TIMERS = "services.escalation.channels.sender", "shared.timers"

EVERYWHERE: Mapping[str, CrashPoint] = {
    "consumer: batch received": CrashPoint(_CONSUMER, "Consumer._apply", after=False),
    "consumer: locks held": CrashPoint(_TRANSACTION, "_lock", after=True, counts=_second),
    "consumer: decided": CrashPoint(_TRANSACTION, "InputProcessor._decide", after=True, counts=_third),
    "consumer: state saved, outbox not": CrashPoint("shared.outbox", "append", after=False, counts=_second),
    "consumer: before commit": CrashPoint("shared.journal", "store_offsets", after=True, counts=_second),
    "consumer: committed": CrashPoint(_APPLYING, "Applier._transact", after=True),
    "consumer: before offsets": CrashPoint(_CONSUMER, "Consumer.commit", after=False),
    "consumer: offsets committed": CrashPoint(_CONSUMER, "Consumer.commit", after=True),
    "consumer: partitions assigned": CrashPoint("shared.messaging.positions", "Positions.restore", after=True),
    "relay: rows read": CrashPoint(_RELAY, "Relay._send", after=False),
    "relay: some sent": CrashPoint("aiokafka", "AIOKafkaProducer.send", after=True),
    "relay: sent, not marked": CrashPoint(_RELAY, "Relay._send", after=True),
    "relay: marked": CrashPoint(_RELAY, "Relay._relay_batch", after=True, counts=_result),
}
ESCALATION: Mapping[str, CrashPoint] = {
    "delivery: claimed": CrashPoint(_SENDER, "claim", after=True, counts=_result),
    "delivery: before sending": CrashPoint(_SENDER, "Sender._send", after=False),
    "delivery: connected": CrashPoint("aiosmtplib", "SMTP.send_message", after=False),
    "delivery: accepted, not told": CrashPoint(_SENDER, "Sender._send", after=True),
    "delivery: told": CrashPoint(_SENDER, "_report", after=True),
    "timers: accounts locked": CrashPoint(_TIMERS, "lock_due", after=True, counts=_result),
    "timers: claimed": CrashPoint(_TIMERS, "claim", after=True, counts=_result),
    "timers: before commit": CrashPoint(_TRANSACTION, "InputProcessor._save", after=False, counts=_timers),
    "timers: fired": CrashPoint(_TRANSACTION, "InputProcessor.fire_timers", after=True, counts=_result),
}
ALL: Mapping[str, CrashPoint] = {**EVERYWHERE, **ESCALATION}


def points_of(service: str) -> Mapping[str, CrashPoint]:
    """The points at which a process of this service can die."""
    return ALL if service == "escalation" else EVERYWHERE
