"""Every route of escalation's process: who may use it, and the fields of a request to it. One row each.

A new route, or a new button of an episode, needs a row here: `test_inbox_matrix` compares them with the application.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from services.escalation.inbox.forms import ACTIONS
from tests.hostile.office import LATER

BUTTON = "/episodes/{episode_id}/{action}"


class For(Enum):
    """The people whom a route is for."""

    ANYBODY = "anybody"
    SIGNED_IN = "whoever is signed in: it shows and changes what is theirs"
    READERS = "whoever may see the episode"
    PARTS = "whoever has a part in the episode"
    SELLERS = "whoever looks after the order"
    OWNERS = "the person who added the device, who is not in the matrix"
    RESPONSIBLE = "whoever is responsible for the customer, and readers' keys"


@dataclass(frozen=True)
class Row:
    """One route. `{episode_id}`, `{order}` and `{account_id}` in its path or form are placeholders for the id to try.

    `allowed` are the cells "situation: person" in which a button has an effect; people with a part in other cells get a
    refusal with a reason. `ok` is the status of an answer to a person who may use the route.
    """

    method: str
    path: str
    of: For
    form: Mapping[str, str] = field(default_factory=dict)
    allowed: tuple[str, ...] = ()
    ok: int = 200

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def names_something(self) -> bool:
        """Whether a request names an episode, an order or a customer."""
        return any("{" in text for text in (self.path, *self.form.values()))


def _get(path: str, of: For, *, ok: int = 200) -> Row:
    return Row("GET", path, of, ok=ok)


def _post(path: str, of: For, *, ok: int, **form: str) -> Row:
    return Row("POST", path, of, form, ok=ok)


def _button(action: str, *allowed: str, **form: str) -> Row:
    return Row("POST", BUTTON.replace("{action}", action), For.PARTS, form, allowed, 303)


_ASKED = ("ringing: anna", "passed on: ben", "of another team: olga", "with the desk: desk")
_HOLDERS = ("held: ben", "offered: anna", "asked: anna")
_MANAGED = (
    *(
        f"{situation}: {manager}"
        for situation in ("ringing", "passed on", "held", "offered", "asked")
        for manager in ("mona", "vera")
    ),
    "of another team: otto",
    "of who moved: otto",
)
"""Managers above the person who has it, or was notified last."""

BUTTONS = (
    _button("acknowledge", *_ASKED, "passed on: anna", *_HOLDERS),
    _button("not-mine", *_ASKED, *_HOLDERS),
    _button("close", *_ASKED, "passed on: anna", *_HOLDERS, ending="lost:price"),
    _button("not-reached", *_HOLDERS, channel="phone"),
    _button("reached", *_HOLDERS, channel="phone"),
    _button("appointment", *_HOLDERS, at=LATER),
    _button("snooze", *_HOLDERS, at=LATER),
    _button("hand-over", *_HOLDERS, to="nina", at=LATER),
    _button("accept", "offered: clara"),
    _button("reassign", *_MANAGED, to="nina", note="Please call today."),
    _button("take-over", *_MANAGED),
    _button("offer", *_HOLDERS, what="A credit", percent="1"),
    _button("ask-approval", "held: ben", "offered: anna", what="A larger credit", amount="600"),
    _button("approve", "asked: mona", offer="{offer}"),
    _button("decline", "asked: mona", offer="{offer}"),
    _button("seen"),
    _button("reopen", "closed: ben"),
)
FORMS = (
    *BUTTONS,
    _post("/check-ins", For.SELLERS, ok=303, order="{order}", channel="phone"),
    _post("/follow-ups", For.SELLERS, ok=303, order="{order}", channel="phone", answer="kept"),
    _post("/win-backs", For.SELLERS, ok=409, order="{order}", episode="{episode_id}", channel="phone", answer="no"),
    _post("/acknowledge-all", For.SIGNED_IN, ok=200, episode="{episode_id} 2026-11-25T10:00:00+00:00"),
    _post("/devices", For.SIGNED_IN, ok=422, endpoint="https://push.example/1", p256dh="A", auth="A"),
    _post("/devices/test", For.SIGNED_IN, ok=422),
    _post("/devices/{device_id}/remove", For.OWNERS, ok=303),
    _post("/push/acknowledge", For.ANYBODY, ok=403, device="none"),
    _post("/sign-in", For.ANYBODY, ok=410, token="made-up"),
    _post("/sign-in/link", For.ANYBODY, ok=200, email="stranger@sales.example"),
    _post("/sign-out", For.SIGNED_IN, ok=200),
)
PAGES = (
    _get("/", For.SIGNED_IN),
    _get("/closed", For.SIGNED_IN),
    _get("/team", For.SIGNED_IN),
    _get("/team/closed", For.SIGNED_IN),
    _get("/team/figures", For.SIGNED_IN),
    _get("/figures", For.SIGNED_IN),
    _get("/acknowledge-all", For.SIGNED_IN, ok=303),
    _get("/live", For.SIGNED_IN),
    _get("/devices", For.SIGNED_IN),
    _get("/devices/test", For.SIGNED_IN, ok=303),
    _get("/episodes/{episode_id}", For.READERS),
    _get("/history/{episode_id}", For.READERS),
    _get("/accounts/{account_id}/timeline", For.RESPONSIBLE),
    _get("/sign-in", For.ANYBODY),
)
OPEN = tuple(
    _get(path, For.ANYBODY)
    for path in (
        "/healthz",
        "/readyz",
        "/metrics",
        "/docs",
        "/docs/reference.css",
        "/openapi.json",
        "/asyncapi",
        "/asyncapi.json",
        "/service-worker.js",
        "/manifest.webmanifest",
    )
)
"""Pages about the service itself."""
ASSET = "GET /inbox/{digest}/{name}"
ROWS = (*PAGES, *FORMS, *OPEN)


def routes_of(app: FastAPI) -> Iterator[str]:
    """Each route of an application; the route of the buttons once for each of them."""
    for route in iter_route_contexts(app.routes):
        for method in sorted(route.methods or ()):
            path = str(route.path).replace(":path", "")
            actions = ACTIONS if path == BUTTON else ("",)
            yield from (f"{method} {path.replace('{action}', action)}" for action in actions)
