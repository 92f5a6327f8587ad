"""Errors at the address of the page of a case: a page that its frame may show, where programs get JSON."""

from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from services.support.api.pages import NOT_OURS, OUR_FAULT, CasePages
from services.support.api.routes import PAGE
from shared.http.application import add_security_headers


def show_errors(app: FastAPI, pages: CasePages) -> FastAPI:
    """Make this app respond with a page to requests for the page of a case. Others get the same responses as before."""
    for kind in (HTTPException, Exception):
        app.add_exception_handler(kind, partial(_answer, pages, app.exception_handlers[kind]))
    return app


def _answer(pages: CasePages, otherwise: Callable[..., Any], request: Request, error: Exception) -> Response:
    if request.url.path != PAGE and not request.url.path.startswith(f"{PAGE}/"):
        answer: Response = otherwise(request, error)
        return answer
    if isinstance(error, HTTPException):
        response = pages.message(*NOT_OURS, status=error.status_code, headers=error.headers)
    else:
        response = pages.message(*OUR_FAULT, status=500)
    add_security_headers(response.headers)
    return response
