"""Histories leave the committed rows, on any machine and in any process; and the smallest change of them shows."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from services.escalation.domain.deciding import buttons
from services.escalation.domain.decisions.decision import CAUSE_PHRASES, Decision
from services.escalation.domain.decisions.notifying import Notified
from services.escalation.domain.draft import Draft
from services.escalation.domain.unit_of_work import UnitOfWork
from services.escalation.handlers import apply
from shared.contracts.escalation import RingCause
from shared.transaction import Transaction
from tests.simulation.golden import against
from tests.simulation.golden.blocks import HISTORIES, SIZE, committed, differences, play_block
from tests.simulation.golden.rows import LEFT_OUT, SENTENCES, Digests, digests, lines, play
from tests.simulation.tables import COLUMNS

_BLOCKS = (0, 12_300)
"""The first seeds of the blocks played here. The command plays all of them."""
_SEED = 0
_PLACES_OF_WORDS = {
    "escalation.facts": {"what"},
    "escalation.losses": {"could_have"},
    "escalation.offers": {"what"},
    "escalation.results": {"causes"},
    "escalation.orders": {"bought", "products"},
    "escalation.signals": {"words"},
    "escalation.decisions": {"policy_path"},
    "shared.journal": {"body"},
}
"""Columns besides those of sentences that may hold two words: words of publishers or people,
paths of the policy, and lists of kinds."""


@pytest.mark.parametrize("first", _BLOCKS)
def test_a_block_of_histories_leaves_the_committed_digests(first: int) -> None:
    """If it fails: `python -m tests.simulation.golden --against REV --first N` shows the rows that differ."""
    assert differences(play_block(range(first, first + SIZE))) == []


def test_the_digests_of_all_histories_are_committed() -> None:
    assert list(committed()) == list(range(0, HISTORIES, SIZE))


def test_neither_the_order_of_sets_nor_the_machines_zone_changes_a_history() -> None:
    command = [sys.executable, "-m", "tests.simulation.golden", "--each", "--histories", "5"]
    elsewhere = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Pacific/Auckland"}
    said = subprocess.run(
        command, cwd=against.ROOT, env=elsewhere, check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    here = [(seed, _digests(seed)) for seed in range(5)]
    assert said == "".join(f"{seed} {one.structure} {one.sentences}\n" for seed, one in here)


def test_a_slow_machine_plays_the_same_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that has used 50 ms of CPU lets other processes go on."""
    before, seconds = _digests(_SEED), count()
    monkeypatch.setattr(time, "thread_time", lambda: float(next(seconds)))
    assert _digests(_SEED) == before


def test_recording_spans_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = _digests(_SEED)
    monkeypatch.setattr(Transaction, "traceparent", lambda *_: f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01")
    assert _digests(_SEED) == before


def test_every_excepted_column_exists() -> None:
    apart = {(table, column) for table, columns in SENTENCES.items() for column in columns} | set(LEFT_OUT)
    assert {(table, column) for table, column in apart if column not in COLUMNS.get(table, {column})} == set()
    assert {table for table, _ in apart} - {*COLUMNS, "pages.refused"} == set()


def test_no_other_column_holds_a_sentence() -> None:
    found: dict[str, set[str]] = {}
    for seed in range(60):
        for table, _, row in play(seed).all():
            found.setdefault(table, set()).update(column for column, value in row.items() if _has_two_words(value))
    apart = {(table, column) for table, columns in SENTENCES.items() for column in columns} | set(LEFT_OUT)
    for table, columns in found.items():
        assert columns - {column for of, column in apart if of == table} <= _PLACES_OF_WORDS.get(table, set()), table


def _has_two_words(value: Any) -> bool:
    text = value.decode() if isinstance(value, bytes) else value
    return isinstance(text, str) and " " in text


def _one_more_row(patch: pytest.MonkeyPatch) -> None:
    record = apply._record

    def twice(tx: Transaction, work: UnitOfWork, cause: Any, decision: Decision) -> Any:
        if isinstance(decision, Notified):
            work.changes.decisions.append(record(tx, work, cause, decision))
        return record(tx, work, cause, decision)

    patch.setattr(apply, "_record", twice)


def _another_policy_path(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Notified, "policy_line", "ladder")


def _a_timer_a_microsecond_later(patch: pytest.MonkeyPatch) -> None:
    set_timer = Transaction.set_timer

    def later(tx: Transaction, fact: Any, *, due_at: Any, **about: Any) -> None:
        late = timedelta(microseconds=fact.type == "escalation.timer.episode_due")
        set_timer(tx, fact, due_at=due_at + late, **about)

    patch.setattr(Transaction, "set_timer", later)


def _another_word(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(CAUSE_PHRASES, RingCause.SIGNAL, "for no reason")


def _another_reason(patch: pytest.MonkeyPatch) -> None:
    why_not = buttons._why_not

    def said_otherwise(draft: Draft[Any], episode: Any) -> tuple[str, str]:
        code, reason = why_not(draft, episode)
        return code, f"{reason}!"

    patch.setattr(buttons, "_why_not", said_otherwise)


@pytest.mark.parametrize(
    ("plant", "changed"),
    [
        (_one_more_row, {"structure", "sentences"}),
        (_another_policy_path, {"structure"}),
        (_a_timer_a_microsecond_later, {"structure"}),
        (_another_word, {"sentences"}),
        (_another_reason, {"sentences"}),
    ],
)
def test_a_planted_change_shows_in_its_digest_only(
    plant: Callable[[pytest.MonkeyPatch], None], changed: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _digests(_SEED)
    plant(monkeypatch)
    after = _digests(_SEED)
    assert {name for name in ("structure", "sentences") if getattr(before, name) != getattr(after, name)} == changed


def _digests(seed: int) -> Digests:
    return digests(play(seed))


def test_a_differing_block_names_its_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    block = play_block(range(3))
    whole = {0: block.digests}
    monkeypatch.setattr("tests.simulation.golden.blocks.committed", lambda: whole)
    assert differences(block) == []
    whole[0] = replace(block.digests, sentences="other")
    assert differences(block) == ["sentences"]
    whole.clear()
    assert differences(block) == ["not committed"]


def test_two_checkouts_are_compared_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = list(lines(play(_SEED)))
    theirs = [line.replace('"rang"', '"called"') for line in ours]
    monkeypatch.setattr(against, "_run", lambda checkout, *_: f"19 same\n{_SEED} {checkout == against.ROOT}\n")
    monkeypatch.setattr(against, "_dump", lambda checkout, _: ours if checkout == against.ROOT else theirs)
    monkeypatch.setattr(against, "_git", lambda *_: "")
    monkeypatch.setattr("pathlib.Path.is_dir", lambda _: True)
    said = list(against.compare("v1", 19, 2))
    assert said[0] == f"--- seed {_SEED} at v1"
    assert any(line.startswith("-escalation.decisions") and '"called"' in line for line in said)
    assert said[-1] == f"1 of 2 histories differ from v1: {_SEED}"


def test_a_commit_without_a_golden_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(against, "_git", lambda *_: "")
    with pytest.raises(against.NoGolden, match="choose a later commit"):
        list(against.compare("v0", 0, 1))
