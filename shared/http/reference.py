"""The reference pages /docs and /asyncapi, drawn here from the documents beside them: no script, nothing
loaded from elsewhere. Start at `reference_router`."""

import hashlib
import json
import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.concurrency import run_in_threadpool

from shared.http.asyncapi import ServiceReference, asyncapi_document
from shared.http.reference_views import asyncapi_view, openapi_view

_STYLESHEET = files("shared.http").joinpath("static", "reference.css")
_PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-cache",
}
_CODE = re.compile(r"`([^`]+)`")
_YEAR = {"Cache-Control": "public, max-age=31536000, immutable"}


def reference_router(app: FastAPI, reference: ServiceReference) -> APIRouter:
    """`/docs`, `/openapi.json`, `/asyncapi`, `/asyncapi.json` and their stylesheet."""
    router = APIRouter(include_in_schema=False)

    @cache
    def asyncapi() -> dict[str, Any]:
        return asyncapi_document(reference)

    @cache
    def openapi_page() -> str:
        return _page("openapi.html", openapi_view(app.openapi()))

    @cache
    def asyncapi_page() -> str:
        return _page("asyncapi.html", asyncapi_view(asyncapi()))

    @router.get("/openapi.json")
    async def openapi_json() -> Response:
        return JSONResponse(await run_in_threadpool(app.openapi))

    @router.get("/asyncapi.json")
    async def asyncapi_json() -> Response:
        return JSONResponse(await run_in_threadpool(asyncapi))

    @router.get("/docs")
    async def docs() -> Response:
        return await _html(openapi_page)

    @router.get("/asyncapi")
    async def asyncapi_html() -> Response:
        return await _html(asyncapi_page)

    @router.get("/docs/reference.css")
    async def stylesheet() -> Response:
        return Response(_stylesheet(), media_type="text/css", headers=_YEAR)

    return router


async def _html(draw: Callable[[], str]) -> Response:
    return Response(await run_in_threadpool(draw), media_type="text/html", headers=_PAGE_HEADERS)


def _page(template: str, view: dict[str, Any]) -> str:
    environment = Environment(
        loader=PackageLoader("shared.http"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["pretty"] = lambda value: json.dumps(value, indent=2, ensure_ascii=False)
    environment.filters["prose"] = _prose
    digest = hashlib.sha256(_stylesheet()).hexdigest()[:12]
    return environment.get_template(template).render(**view, stylesheet=f"/docs/reference.css?v={digest}")


def _prose(text: str) -> Markup:
    """A docstring as HTML: text in backticks is code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # as Markup it would escape the replacement


@cache
def _stylesheet() -> bytes:
    return _STYLESHEET.read_bytes()
