"""Errors outside the pages, such as an unknown address: a page for browsers, JSON for programs."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from services.escalation.inbox.rendering import Assets, Pages, secured

_HOME = ("/", "Go to your inbox")
_SAID = {
    404: ("Page not found", "There is no page at this address. Check it for typing errors."),
    405: (
        "That didn't work",
        "Use the buttons in your inbox instead.",
    ),
    500: ("Something went wrong", "The fault is ours, not yours. It has been logged. Try again later."),
}


def show_errors(app: FastAPI) -> FastAPI:
    """Make this app respond to browsers with error pages. Other clients get the same responses as before."""
    pages = Pages(Assets())
    for kind in (HTTPException, Exception):
        app.add_exception_handler(kind, partial(_answer, pages, app.exception_handlers[kind]))
    return app


def asks_for_a_page(request: Request) -> bool:
    """Whether a browser sends the request: browsers accept HTML, programs accept JSON or anything."""
    accepted = request.headers.get("accept", "")
    return "text/html" in accepted and "application/json" not in accepted


def _answer(pages: Pages, otherwise: Callable[..., Any], request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status not in _SAID or not asks_for_a_page(request):
        answer: Response = otherwise(request, error)
        return answer
    heading, text = _SAID[status]
    if isinstance(error, HTTPException) and error.detail != HTTPStatus(status).phrase:
        heading, text = "That didn't work", _sentence(error.detail)
    response = secured(pages.message(heading, text, status=status, link=_HOME))
    if isinstance(error, HTTPException) and error.headers:
        response.headers.update(error.headers)
    return response


def _sentence(detail: str) -> str:
    """The route's own words as a sentence; they are more exact than the status."""
    return f"{detail[:1].upper()}{detail[1:]}{'' if detail.endswith('.') else '.'}"
