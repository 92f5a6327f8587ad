"""Draws the page of a case. It loads nothing: its stylesheet is in it, and its policy names that by digest."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from shared.visible_text import bidi_replaced

_STYLESHEET = files("services.support.api").joinpath("static", "case.css")
NOT_OURS = ("This link does not work", "Open the case in your help desk again.")
OUR_FAULT = ("Something went wrong", "The fault is ours, not yours. It has been logged. Try again later.")
"""Heading and message of pages for errors."""


class CasePages:
    """Templates, and the headers of every page. `ancestors` are the sites that may show it in a frame."""

    def __init__(self, ancestors: Sequence[str]) -> None:
        self._templates = Environment(
            loader=PackageLoader("services.support.api"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        stylesheet = _STYLESHEET.read_text("utf-8")
        self._templates.globals["stylesheet"] = Markup(stylesheet)
        self._templates.filters["unturned"] = bidi_replaced
        framed_by = " ".join(ancestors) or "'none'"
        digest = b64encode(hashlib.sha256(stylesheet.encode()).digest()).decode()
        self._headers = {
            "Content-Security-Policy": (
                f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'; "
                f"frame-ancestors {framed_by}"
            ),
            "X-Robots-Tag": "noindex",
        }

    def page(self, values: Mapping[str, Any]) -> Response:
        return self._drawn("case.html", values, 200)

    def message(self, heading: str, message: str, *, status: int, headers: Mapping[str, str] | None = None) -> Response:
        """A page with one message and nothing else."""
        response = self._drawn("message.html", {"heading": heading, "message": message}, status)
        response.headers.update(headers or {})
        return response

    def _drawn(self, template: str, values: Mapping[str, Any], status: int) -> Response:
        return HTMLResponse(self._templates.get_template(template).render(values), status, headers=self._headers)
