"""`handoff trace`: the tree as printed."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from services.cli.trace import read_traces, trace, tree_of
from shared.telemetry import Attribute, configure_tracing, delivery_span, start_effect_span

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
MS = 1_000_000
EVENT = "e-1"


def _line(span_id: str, parent_id: str | None, name: str, **changed: Any) -> dict[str, Any]:
    line: dict[str, Any] = {
        "trace_id": TRACE,
        "span_id": span_id,
        "parent_id": parent_id,
        "service": name.partition(".")[0],
        "name": name,
        "started_ns": 1_000 * MS,
        "ended_ns": 1_004 * MS,
        "failed": False,
        "attributes": {},
        "links": [],
    }
    return line | changed


def _canned(directory: Path, **files: list[dict[str, Any]]) -> None:
    for name, lines in files.items():
        (directory / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def _story(directory: Path) -> None:
    """A refund request on its way through three services, written in no particular order."""
    request = _line("a1", None, "support.refund_requested", attributes={"cloudevents.event_id": EVENT})
    alert = _line(
        "b1",
        "a1",
        "escalation support.refund_requested",
        service="escalation",
        started_ns=1_012 * MS,
        ended_ns=1_030 * MS,
        attributes={"cloudevents.event_id": "e-2", "handoff.outcome": "applied"},
    )
    mail = _line(
        "c1",
        "b1",
        "deliver email",
        service="escalation",
        started_ns=1_040 * MS,
        ended_ns=1_100 * MS,
        failed=True,
        attributes={
            "handoff.episode_id": "ep-1",
            "handoff.alert_id": "al-1",
            "handoff.delivery_id": "de-1",
            "error.type": "SMTPServerDisconnected",
        },
    )
    unrelated = _line("d1", None, "orders.order_placed", trace_id="f" * 32)
    _canned(directory, escalation=[mail, alert], support=[request], orders=[unrelated])


def _shown(directory: Path, event_id: str = EVENT) -> list[str]:
    out = io.StringIO()
    traces = read_traces(sorted(directory.glob("*.jsonl")), event_id)
    Console(file=out, width=300).print(tree_of(event_id, traces))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_the_path_of_an_event_is_one_tree_with_times_and_ids(tmp_path: Path) -> None:
    _story(tmp_path)
    assert _shown(tmp_path) == [
        "event e-1",
        f"└── trace {TRACE}  3 spans in 100.0 ms",
        "    └── support support.refund_requested  +0.0 ms  4.0 ms  event=e-1",
        "        └── escalation support.refund_requested  +12.0 ms  18.0 ms  event=e-2  outcome=applied",
        "            └── escalation deliver email  +40.0 ms  60.0 ms  FAILED SMTPServerDisconnected"
        "  episode=ep-1  alert=al-1  delivery=de-1",
    ]


def test_the_same_tree_is_found_from_an_event_in_its_middle(tmp_path: Path) -> None:
    _story(tmp_path)
    assert _shown(tmp_path, "e-2")[1:] == _shown(tmp_path)[1:]


def test_an_id_that_is_only_part_of_another_finds_nothing(tmp_path: Path) -> None:
    _story(tmp_path)
    assert read_traces(tmp_path.glob("*.jsonl"), "e") == []


def test_spans_with_an_unknown_parent_are_under_published_elsewhere(tmp_path: Path) -> None:
    ids = {"cloudevents.event_id": EVENT}
    _canned(
        tmp_path,
        orders=[
            _line("a1", "99", "orders.refund_paid", attributes=ids),
            _line("a2", "a1", "orders.relay", started_ns=1_001 * MS),
            _line("a3", "99", "orders.refund_paid", started_ns=1_002 * MS, attributes=ids),
        ],
    )
    assert _shown(tmp_path)[2:] == [
        "    └── published elsewhere",
        "        ├── orders orders.refund_paid  +0.0 ms  4.0 ms  event=e-1",
        "        │   └── orders orders.relay  +1.0 ms  3.0 ms",
        "        └── orders orders.refund_paid  +2.0 ms  2.0 ms  event=e-1",
    ]


def test_an_event_handled_in_two_traces_shows_both_oldest_first(tmp_path: Path) -> None:
    ids = {"cloudevents.event_id": EVENT}
    _canned(
        tmp_path,
        later=[_line("b1", None, "second", trace_id="b" * 32, started_ns=1_003 * MS, attributes=ids)],
        sooner=[_line("a1", None, "first", attributes=ids)],
    )
    shown = _shown(tmp_path)
    assert [line.split()[2] for line in shown if "trace " in line] == [TRACE, "b" * 32]
    assert sum("event=e-1" in line for line in shown) == 2


def test_a_truncated_line_and_foreign_lines_are_skipped(tmp_path: Path) -> None:
    _story(tmp_path)
    whole = _shown(tmp_path)
    foreign = [b'{"trace_id":"%s"}', b'["%s"]', b'{"trace_id":"%s","span_id":"\xc3']
    with (tmp_path / "support.jsonl").open("ab") as file:
        file.writelines(line.replace(b"%s", TRACE.encode()) + b"\n" for line in foreign)
        file.write(b'"%s"\n' % EVENT.encode())
        file.write(json.dumps(_line("e1", "a1", "unfinished"))[:-20].encode())
    assert _shown(tmp_path) == whole


def test_a_span_written_twice_is_shown_once(tmp_path: Path) -> None:
    _story(tmp_path)
    whole = _shown(tmp_path)
    (tmp_path / "copy.jsonl").write_bytes((tmp_path / "escalation.jsonl").read_bytes())
    assert _shown(tmp_path) == whole


def test_spans_that_name_each_other_as_parent_end_nothing_in_a_loop(tmp_path: Path) -> None:
    ids = {"cloudevents.event_id": EVENT}
    _canned(tmp_path, orders=[_line("a1", "a1", "own parent", attributes=ids), _line("a2", None, "root")])
    assert any("root" in line for line in _shown(tmp_path))


def test_ids_cannot_style_or_steer_the_terminal(tmp_path: Path) -> None:
    hostile = "[red]x[/red]\x1b[2J"
    _canned(tmp_path, orders=[_line("a1", None, "n", attributes={"cloudevents.event_id": hostile})])
    shown = "\n".join(_shown(tmp_path, hostile))
    assert r"[red]x[/red]\x1b[2J" in shown
    assert "\x1b" not in shown


def _command() -> typer.Typer:
    app = typer.Typer()
    app.command()(trace)
    return app


def test_the_command_prints_the_services_spans(tmp_path: Path) -> None:
    tracing = configure_tracing("escalation", otlp_endpoint=None, directory=tmp_path)
    assert tracing is not None
    effect = start_effect_span("support.refund_requested", parent=None, attributes={Attribute.EVENT_ID: EVENT})
    with delivery_span("email", parent=effect.traceparent, attributes={Attribute.DELIVERY_ID: "de-1"}):
        pass
    effect.end()
    tracing.shutdown()
    result = CliRunner().invoke(_command(), [EVENT, "--directory", str(tmp_path)])
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert "escalation support.refund_requested" in lines[2]
    assert "deliver email" in lines[3]
    assert lines[3].endswith("delivery=de-1")


def test_the_directory_can_come_from_the_environment(tmp_path: Path) -> None:
    _story(tmp_path)
    result = CliRunner().invoke(_command(), [EVENT], env={"TRACE_DIRECTORY": str(tmp_path)})
    assert result.exit_code == 0
    assert "3 spans in 100.0 ms" in result.output


@pytest.mark.parametrize("made", [True, False])
def test_without_span_files_the_command_says_how_to_get_some(made: bool, tmp_path: Path) -> None:
    directory = tmp_path if made else tmp_path / "missing"
    result = CliRunner().invoke(_command(), [EVENT, "--directory", str(directory)])
    assert result.exit_code == 1
    assert "TRACE_DIRECTORY" in result.output
    assert "--directory" in result.output


def test_for_an_unknown_event_the_command_names_its_places_and_other_options(tmp_path: Path) -> None:
    _story(tmp_path)
    result = CliRunner().invoke(_command(), ["nobody", "--directory", str(tmp_path)])
    assert result.exit_code == 1
    assert "No span of event nobody in the 3 files" in result.output
    assert "handoff dead-letters list" in result.output
