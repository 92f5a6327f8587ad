"""`handoff trace EVENT_ID`: the effects of one event, as a tree with times, from this machine's span files.

Start at `trace`, the command; `read_traces` and `tree_of` are its two halves.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.text import Text
from rich.tree import Tree

from services.cli.installation import DEFAULT_DATA, Data
from services.cli.terminal import AsJson, console, counted, print_json, printable, stop_with
from shared.telemetry import Attribute

_SHOWN = {
    Attribute.EVENT_ID: "event",
    Attribute.EPISODE_ID: "episode",
    Attribute.ALERT_ID: "alert",
    Attribute.DELIVERY_ID: "delivery",
    Attribute.OUTCOME: "outcome",
}
_NS_PER_MS = 1_000_000
_PIPE_WIDTH = 300


@dataclass(frozen=True, slots=True)
class Span:
    """One finished span as a service wrote it; times are Unix nanoseconds."""

    trace_id: str
    span_id: str
    parent_id: str | None
    service: str
    name: str
    started_ns: int
    ended_ns: int
    failed: bool = False
    attributes: Mapping[str, str | int] = field(default_factory=dict)


def trace(
    event_id: Annotated[
        str, typer.Argument(metavar="EVENT", help="The ID of a published event (its CloudEvents `id`).")
    ],
    directory: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder of the services' span files. Default: that of --data, else TRACE_DIRECTORY, else .local's.",
        ),
    ] = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show everything that one event caused, as a tree with times."""
    terminal = console(_PIPE_WIDTH)
    directory = directory or _directory(data)
    files = sorted(directory.glob("*.jsonl"))
    traces = read_traces(files, event_id)
    if not traces:
        raise stop_with(_nothing_found(event_id, directory, len(files)))
    if as_json:
        print_json([[_as_json(span) for span in spans] for spans in traces])
        return
    terminal.print(tree_of(event_id, traces))


def _directory(data: Path | None) -> Path:
    """The given folder, or the one where the services write their spans."""
    named = os.environ.get("TRACE_DIRECTORY")
    return Path(named) if named and data is None else (data or DEFAULT_DATA) / "traces"


def read_traces(files: Iterable[Path], event_id: str) -> list[list[Span]]:
    """Every trace in which the event was handled, oldest first, each in order of start."""
    paths = list(files)
    wanted = orjson.dumps(event_id)
    found = {
        span.trace_id for span in _spans(paths, {wanted}) if str(span.attributes.get(Attribute.EVENT_ID)) == event_id
    }
    if not found:
        return []
    traces: dict[str, dict[str, Span]] = defaultdict(dict)
    for span in _spans(paths, {orjson.dumps(trace_id) for trace_id in found}):
        if span.trace_id in found:
            traces[span.trace_id][span.span_id] = span
    ordered = (sorted(spans.values(), key=lambda span: span.started_ns) for spans in traces.values())
    return sorted(ordered, key=lambda spans: spans[0].started_ns)


def _as_json(span: Span) -> dict[str, Any]:
    """A span whose attributes have the names that they are traced by."""
    return asdict(span) | {"attributes": {str(name): value for name, value in span.attributes.items()}}


def tree_of(event_id: str, traces: list[list[Span]]) -> Tree:
    """One tree: a branch per trace, offsets in milliseconds from the first span of that trace."""
    root = Tree(Text.assemble("event ", (printable(event_id), "bold")))
    for spans in traces:
        took_ms = (max(span.ended_ns for span in spans) - spans[0].started_ns) / _NS_PER_MS
        label = f"trace {spans[0].trace_id}  {counted(len(spans), 'span')} in {took_ms:.1f} ms"
        _add_trace(root.add(Text(label, style="dim")), spans)
    return root


def _add_trace(branch: Tree, spans: list[Span]) -> None:
    known = {span.span_id for span in spans}
    children: dict[str | None, list[Span]] = defaultdict(list)
    for span in spans:
        children[span.parent_id].append(span)
    began_ns = spans[0].started_ns

    def grow(at: Tree, parent_id: str | None) -> None:
        for span in children.pop(parent_id, ()):
            grow(at.add(_label(span, began_ns)), span.span_id)

    grow(branch, None)
    for parent_id in [parent_id for parent_id in children if parent_id not in known]:
        grow(branch.add(Text("published elsewhere", style="italic")), parent_id)


def _label(span: Span, began_ns: int) -> Text:
    offset_ms = (span.started_ns - began_ns) / _NS_PER_MS
    took_ms = (span.ended_ns - span.started_ns) / _NS_PER_MS
    label = Text.assemble(
        (printable(span.service), "cyan"),
        " ",
        (printable(span.name.removeprefix(f"{span.service} ")), "bold"),
        (f"  +{offset_ms:.1f} ms", "green"),
        f"  {took_ms:.1f} ms",
    )
    if span.failed:
        label.append(f"  FAILED {printable(span.attributes.get(Attribute.ERROR_TYPE, ''))}".rstrip(), "bold red")
    for attribute, short in _SHOWN.items():
        if attribute in span.attributes:
            label.append(f"  {short}={printable(span.attributes[attribute])}", "dim")
    return label


def _spans(files: Iterable[Path], needles: set[bytes]) -> Iterator[Span]:
    """The spans on lines that contain one of the needles; a line cut short by a crash is skipped."""
    for path in files:
        try:
            with path.open("rb") as file:
                for line in file:
                    if any(needle in line for needle in needles) and (span := _parsed(line)) is not None:
                        yield span
        except FileNotFoundError:  # replaced by a running service between listing and reading
            continue


def _parsed(line: bytes) -> Span | None:
    try:
        fields: dict[str, Any] = orjson.loads(line)
        return Span(
            trace_id=fields["trace_id"],
            span_id=fields["span_id"],
            parent_id=fields["parent_id"],
            service=fields["service"],
            name=fields["name"],
            started_ns=int(fields["started_ns"]),
            ended_ns=int(fields["ended_ns"]),
            failed=fields.get("failed", False),
            attributes=fields.get("attributes", {}),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None


def _nothing_found(event_id: str, directory: Path, files: int) -> str:
    if files == 0:
        return (
            f"No span files in {directory}. Services write them when TRACE_DIRECTORY is set; "
            "name the same folder with --directory."
        )
    return (
        f"No span of event {printable(event_id)} in the {counted(files, 'file')} of {directory}. "
        "A span appears about a second after the event was handled, and only if the event caused something: "
        "a duplicate, a dead letter (`handoff dead-letters list`) or a fact that still waits leaves none."
    )
