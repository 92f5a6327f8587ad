"""Everything one history leaves: every version of every row it committed, e-mails, and refused buttons.

It has two digests. *Structure* is everything except sentences; *sentences* are the columns in `SENTENCES`, in the order
of their rows. Both cover all versions, not only the last rows: a timer that was set and removed, and a deadline that
was moved, are not visible in the final state. A version equal to the previous one does not count.

Sentences exist only in columns: in the events that histories publish, `because` and `reason` are codes. Other columns
with words hold the words of a publisher or a person (`signals.words`, `notes.words`, `facts.what`, `facts.said`, a body
of the journal), or names (`orders.bought`): they are structure. `test_golden.py` shows that no other column of the
histories holds two words. The announcement of a dead letter would hold a sentence, and so would the bodies of
`escalation.delivery.attempted` and `escalation.delivery.address_failed` with a `reason`: no history has one.

The digests depend on the statements that the code runs, and not only on its decisions: at every statement another
process may go on. One statement more or less in a transaction gives other histories, not other behaviour.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from typing import Any

import orjson

from services.escalation.domain.duty_buttons import DutyButton
from services.escalation.domain.own_facts import EpisodeButton
from shared.inputs import Rejection
from tests.simulation.database import Session
from tests.simulation.tables import KEYS, NUMBERED, OUTBOX, Key, Row
from tests.simulation.world import History

SENTENCES: Mapping[str, tuple[str, ...]] = {
    "escalation.decisions": ("words",),
    "escalation.episodes": ("why_you",),
    "escalation.alerts": ("why_you",),
    "escalation.deliveries": ("reason",),
    "escalation.notices": ("reason",),
    "escalation.address_notices": ("reason",),
    "escalation.policies": ("digest", "summary"),
    "shared.dead_letters": ("reason",),
    "pages.refused": ("reason",),
}
"""The columns of sentences. The `digest` of a policy stands for its document."""
LEFT_OUT: Mapping[tuple[str, str], str] = {
    ("escalation.account_versions", "version"): "a random UUID of each transaction; only its change means anything",
    ("escalation.signals", "traceparent"): "random where spans are recorded, else empty",
    ("escalation.alerts", "traceparent"): "random where spans are recorded, else empty",
    ("shared.journal", "traceparent"): "random where spans are recorded, else empty",
    ("shared.timers", "traceparent"): "random where spans are recorded, else empty",
    ("escalation.policies", "document"): "its digest stands beside it, and it is long",
}
"""The columns that are in no digest, and why. The trace's headers in the outbox are left out as well."""
_TRACE = ("traceparent", "ce_traceparent")
_APART = {
    table: frozenset(SENTENCES.get(table, ())) | {column for of, column in LEFT_OUT if of == table}
    for table in {*SENTENCES, *(of for of, _ in LEFT_OUT)}
}


@dataclass(frozen=True, slots=True)
class Digests:
    """Hexadecimal digests of a history or of a block of histories."""

    structure: str
    sentences: str


class Rows:
    """Records a history from its beginning. `versions` are those of each row in order, with None for a deletion."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._before = history.database.on_commit
        rows = history.database.tables.items()
        self.versions: dict[str, dict[Key, list[Row | None]]] = {
            table: {key: [row] for key, row in there.items()} for table, there in rows
        }
        history.database.on_commit = self._keep

    def _keep(self, session: Session) -> None:
        self._before(session)
        for table, written in session.writes.items():
            known = self.versions[table]
            for key, row in written.items():
                versions = known.get(key)
                if versions is None:
                    if row is not None:
                        known[key] = [row]
                elif versions[-1] != row:
                    versions.append(row)

    @property
    def refused(self) -> Sequence[tuple[EpisodeButton | DutyButton, Rejection]]:
        """The refused buttons, with the reasons."""
        return self._history.ground.refused

    def all(self) -> Iterator[tuple[str, int, Row]]:
        """Table, number of the version, row; by table, then in the order of rows. A deleted row is marked as gone."""
        for table, rows in sorted(chain(self.versions.items(), self._beside())):
            for key in sorted(rows, key=_in_order(table, rows)):
                for number, row in enumerate(rows[key], 1):
                    yield table, number, _gone(table, key) if row is None else row

    def _beside(self) -> Iterator[tuple[str, dict[Key, list[Row | None]]]]:
        """Results that are in no table: rows published by the relay, messages accepted by the
        servers, and refused buttons."""
        ground = self._history.ground
        yield "kafka.published", _listed({"key": key, "outbox": id} for key, id in ground.kafka.published)
        yield "mail.accepted", _listed({"delivery": id} for id in ground.mail.accepted)
        yield "push.accepted", _listed({"delivery": id} for id in self._history.devices.service.accepted)
        yield "pages.refused", _listed(map(_refused, self.refused))


def _gone(table: str, key: Key) -> Row:
    return {**dict(zip(KEYS[table], key, strict=True)), "gone": True}


def _listed(rows: Iterable[Row]) -> dict[Key, list[Row | None]]:
    return {(number,): [row] for number, row in enumerate(rows)}


def _refused(one: tuple[EpisodeButton | DutyButton, Rejection]) -> Row:
    button, rejection = one
    return {"type": button.type, "button": button, "code": rejection.code, "reason": rejection.reason}


def _in_order(table: str, rows: Mapping[Key, list[Row | None]]) -> Any:
    """By the number that the database gave a row, else by its key."""
    numbered = NUMBERED.get(table)
    return None if numbered is None else lambda key: (rows[key][0] or {})[numbered]


def play(seed: int) -> Rows:
    """Play a history until it rests. The campaign checks the invariants."""
    history = History(seed)
    rows = Rows(history)
    history.live()
    return rows


def digests(rows: Rows) -> Digests:
    """The digests of one history."""
    structure, sentences = sha256(), sha256()
    for table, number, row in rows.all():
        apart = _APART.get(table)
        if apart is None:
            reported = row
        else:
            reported = {name: value for name, value in row.items() if name not in apart}
            said = [row[name] for name in SENTENCES.get(table, ()) if name in row]
            if said:
                sentences.update(_json(said))
        structure.update(b"%s %d %s\n" % (table.encode(), number, _json(_plain(table, reported))))
    return Digests(structure.hexdigest(), sentences.hexdigest())


def lines(rows: Rows) -> Iterator[str]:
    """The rows of a history as text, one line for each version, without nulls."""
    for table, number, row in rows.all():
        reported = {name: value for name, value in row.items() if (table, name) not in LEFT_OUT and value is not None}
        yield f"{table} {number} {_json(_plain(table, reported)).decode()}"


def _plain(table: str, row: Row) -> Row:
    if table == OUTBOX and any(name in row.get("headers", "") for name in _TRACE):
        headers = [pair for pair in orjson.loads(row["headers"]) if pair[0] not in _TRACE]
        return {**row, "headers": orjson.dumps(headers).decode()}
    return row


def _json(value: Any) -> bytes:
    return orjson.dumps(value, default=_readable, option=orjson.OPT_SORT_KEYS)


def _readable(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value.model_dump(mode="json")
