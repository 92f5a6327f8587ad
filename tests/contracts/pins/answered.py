"""The names in answers: JSON that commands print, addresses and JSON over HTTP, cookies, forms of open pages."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from importlib.resources import files
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import parse_qs

import orjson
from fastapi import FastAPI

from deploy.local.stored_mail import StoredMail
from deploy.local.stored_push import Message
from services.cli import (
    bounces,
    dead_letters,
    deliveries,
    explain,
    losses,
    people,
    policy,
    recall,
    report,
    trace,
    waiting,
)
from services.cli.backtest.printing import as_json_of
from services.cli.backtest.reading import Result
from services.cli.importers.command import _figures
from services.cli.importers.events import Import
from services.cli.installation import ServiceName
from services.cli.review.as_json import as_json_of as review_as_json
from services.cli.review.reading import ExtraNotifications, Replayed, Review
from services.cli.review.story import Story
from services.cli.run import runnable, service_of
from services.cli.status.figures import Status
from services.escalation import inbox
from services.escalation.domain.entities import Episode, Order, Signal
from services.escalation.domain.explaining.outlook import Outlook
from services.escalation.domain.explaining.steps import DELIVERED, REPORTED, ExplainedStep
from services.escalation.domain.installation import Installation
from services.escalation.domain.losses.details import LossDetails
from services.escalation.domain.losses.figures import By, Figures
from services.escalation.domain.policy.versions import Change, Policies
from services.escalation.inbox import live
from services.escalation.inbox.filters import Selection
from services.escalation.inbox.sessions import REFRESH_HEADER, Cookie
from services.escalation.replaying.asks import Ask
from services.escalation.replaying.candidates import candidates_of
from services.escalation.replaying.comparison import Backtest, Terms
from services.escalation.replaying.figures import NotifiedEpisode
from services.escalation.replaying.outcomes import Outcome
from services.escalation.replaying.recall import Difference, Recall, RecallTerms
from services.escalation.replaying.review import DecidedLoss, Judged, Reviewed
from services.escalation.replaying.summary import summary
from services.escalation.store.inbox import Wanted
from services.escalation.store.journal import JournalSpan
from services.escalation.store.outgoing import ListedDelivery
from shared.inputs import RawMessage
from shared.messaging.cluster import Cluster
from shared.messaging.kept_letters import KeptLetter
from shared.messaging.naming import named_event
from shared.messaging.recreated import Recreated
from shared.metrics import create_metrics
from shared.service import Health, Resources
from tests.contracts.pins.examples import ANY_KEY, example, members, members_of_schema
from tests.contracts.pins.group import Group, Names
from tests.contracts.pins.reading import COMPUTED, calls_of, texts
from tests.hostile.inbox_routes import routes_of

_FIELD = re.compile(r'<(?!meta)[^>]* name="([a-z_]+)"')


def printed() -> Names:
    """The members that each command prints with --json."""
    letter, raw = example(KeptLetter), RawMessage("t", b"k", (("ce_type", b"t"),), b"{}")
    episode = cast(Any, SimpleNamespace(episode=example(Episode)))
    values: dict[str, Any] = {
        "backtest": as_json_of(_backtest()),
        "dead-letters list": [asdict(letter) | named_event(raw)],
        "dead-letters show": dead_letters._shown(letter, raw),
        "deliveries list": [deliveries._as_json(example(ListedDelivery))],
        "deliveries resend": [deliveries._result(letter.id, None)],
        "explain": explain._as_json(explain.Explained(episode, [example(ExplainedStep)], example(Outlook))),
        "import deals": _figures(Import((), 1)),
        "import servicenow": _figures(Import((), 1)),
        "losses": losses._as_json(example(Figures), {ANY_KEY: example(Figures)}, By.REASON, None),
        "losses --order": {"losses": [losses._details_json(example(LossDetails))]},
        "mail": [example(StoredMail)],
        "people history": [example(people.Change)],
        "policy diff": [example(Change)],
        "policy history": [policy._as_json(Policies.shipped().latest)],
        "push list": [asdict(example(Message))],
        "recall": recall._as_json(_recall()),
        "report": example(report.Report),
        "review": review_as_json(_review()),
        "status": example(Status),
        "topics recreated": [example(Recreated)],
        "trace": [[trace._as_json(example(trace.Span))]],
        "waiting": {"waiting": [example(waiting.Waiting)]},
    }
    written = {
        "bounces list": keys_in(bounces.list_people),
        "report --episodes": keys_in(report.report) | keys_in(report.read_episodes),
        "report, what waits": keys_in(report.read_report),
        "explain, steps that are no rule": {REPORTED, DELIVERED},
    }
    return {name: _members(value) for name, value in values.items()} | {
        name: sorted(keys) for name, keys in written.items()
    }


def _recall() -> recall.Result:
    now = example(datetime)
    found = Recall(RecallTerms(Policies.shipped(), example(Installation), now, now, now))
    found.unexplained.append(example(Difference))
    return recall.Result(now, now, 0, found)


def _review() -> Review:
    (candidate, *_), ask = candidates_of(Policies.shipped().latest.policy), example(Ask)
    judged = Judged(candidate, ask, 1)
    reviewed = Reviewed(example(DecidedLoss), example(datetime), ask, ask, 1, 1, [judged])
    parts = (example(Outcome), [example(Signal)], [example(Difference)], reviewed)
    replayed = Replayed(*parts, is_exact=True, extra_notifications=example(ExtraNotifications))
    return Review(example(Order), example(Story), [example(LossDetails)], 1, replayed)


def _backtest() -> Result:
    shipped, at = Policies.shipped(), example(datetime)
    backtest = Backtest(Terms(shipped, shipped, Installation(cast(Any, "desk")), at, at, at), ())
    backtest.only_current.add(example(NotifiedEpisode))
    backtest.only_candidate.add(example(NotifiedEpisode))
    return Result(
        span=example(JournalSpan),
        since=at,
        is_labelled=False,
        digest="",
        changes=[example(Change)],
        versions=1,
        unreadable=0,
        stored=0,
        replayed=0,
        is_exact=True,
        figures=summary(backtest),
    )


def _members(value: Any) -> list[str]:
    return sorted(set(members(orjson.loads(orjson.dumps(value, default=str)))))


def keys_in(function: Callable[..., Any]) -> set[str]:
    """The names of members that a function writes itself."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return {
        str(key.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant)
    }


def applications() -> dict[str, FastAPI]:
    """Each service's applications, without resources: no request reaches them."""
    made = {}
    for name in ServiceName:
        service = service_of(name, runnable(name).settings())
        processor = cast(Any, SimpleNamespace(service=name.value))
        resources = Resources(cast(Any, None), processor, Cluster(""), create_metrics(name.value))
        made[name.value] = service.web(resources, Health())
    return made


def addresses() -> Names:
    """The method and the path of everything that each service answers."""
    return {f"{name} answers": sorted(routes_of(app)) for name, app in applications().items()}


def json_over_http() -> Names:
    """The members of JSON answers, by operation: of the successful answer, and of a refusal."""
    names: Names = {}
    for service, app in applications().items():
        document = app.openapi()
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                for status, answer in operation["responses"].items():
                    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
                    title = f"{service} {method.upper()} {path}{'' if status.startswith('2') else ', refused'}"
                    found = set(members_of_schema(schema, document)) | set(names.get(title, ()))
                    names |= {title: sorted(found)} if found else {}
    return names


def browsers() -> Names:
    """The names in open pages, bookmarks and links in e-mails."""
    templates = [one.read_text("utf-8") for one in files(inbox).joinpath("templates").iterdir()]
    gets = calls_of("get", "services/escalation/inbox/")
    asked = [call for call in gets if "query_params" in ast.unparse(call.node.func)]
    named = set().union(*(texts(call.module, call.arguments[0]) for call in asked)) - {COMPUTED}
    reported = calls_of(live._event.__name__, "services/escalation/inbox/")
    chosen = parse_qs(Selection(Wanted("x", "high", "mine"), 2).query.removeprefix("?"))
    return {
        "cookies": sorted(Cookie(url)._name for url in ("http://inbox.example", "https://inbox.example")),
        "events of the stream": sorted(set().union(*(texts(call.module, call.arguments[0]) for call in reported))),
        "fields of forms": sorted(set().union(*map(_FIELD.findall, templates))),
        "headers": [REFRESH_HEADER],
        "queries": sorted(named | set(chosen)),
    }


GROUPS = (
    Group("JSON of commands", "Scripts read these members of what --json prints.", printed),
    Group("addresses", "Programs call them, e-mails link to them, probes and scrapers ask them.", addresses),
    Group("JSON over HTTP", "Programs of publishers and readers use these members of answers.", json_over_http),
    Group(
        "browsers",
        "Sessions, bookmarks and pages that were opened before an upgrade are used after it.",
        browsers,
    ),
)
