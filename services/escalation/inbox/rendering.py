"""Templates and the headers that every answer of the pages carries."""

import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from services.escalation.domain.parts_in_order import BODY, HEAD
from services.escalation.domain.words import cut, cut_at_word
from services.escalation.domain.words.in_short import NAME_LENGTH, unturned

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "worker-src 'self'; manifest-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_MEDIA_TYPES = {
    "inbox.css": "text/css",
    "inbox.js": "text/javascript",
    "devices.js": "text/javascript",
    "service-worker.js": "text/javascript",
    "icon.svg": "image/svg+xml",
    "icon-180.png": "image/png",
    "icon-192.png": "image/png",
    "icon-512.png": "image/png",
    "icon-maskable.png": "image/png",
    "badge.png": "image/png",
}
_MANIFEST = {
    "id": "/",
    "name": "Handoff, on call",
    "short_name": "Handoff",
    "description": "Sales at risk, and the customers to call.",
    "start_url": "/",
    "scope": "/",
    "display": "standalone",
    "lang": "en",
    "background_color": "#f7f7f5",
    "theme_color": "#4a56c8",
}
_ICONS = (
    ("icon-192.png", "192x192", "any"),
    ("icon-512.png", "512x512", "any"),
    ("icon-maskable.png", "512x512", "maskable"),
)
ASSETS_PATH = "/inbox"
_WORKER = "service-worker.js"
_SHOWN_BY_WORKER = ("icon-192.png", "badge.png")
"""The files that the service worker names without a digest: their addresses get it as it is served."""
_LONG_QUOTE = 600
"""A quotation with more characters shows its beginning; the reader can open the rest."""


class Assets:
    """The pages' own files, addressed with a digest of their content so that browsers may keep them."""

    def __init__(self) -> None:
        folder = files("services.escalation.inbox") / "static"
        self._bodies = {name: (folder / name).read_bytes() for name in _MEDIA_TYPES}
        for name in _SHOWN_BY_WORKER:
            unnamed, named = f"{ASSETS_PATH}/{name}".encode(), self.address(name).encode()
            self._bodies[_WORKER] = self._bodies[_WORKER].replace(unnamed, named)

    def address(self, name: str) -> str:
        return f"{ASSETS_PATH}/{self._digest(name)}/{name}"

    def _digest(self, name: str) -> str:
        return hashlib.sha256(self._bodies[name]).hexdigest()[:16]

    def response(self, name: str, digest: str) -> Response | None:
        """The file as it is here. While versions change, another one may be wanted: then a browser must not keep it."""
        if name not in self._bodies:
            return None
        keep = "public, max-age=31536000, immutable" if digest == self._digest(name) else "no-cache"
        return Response(self._bodies[name], media_type=_MEDIA_TYPES[name], headers={"Cache-Control": keep})

    async def service_worker(self) -> Response:
        """The script that shows notifications: at the root, since it may only act for pages below its own address."""
        return Response(self._bodies[_WORKER], media_type="text/javascript", headers={"Cache-Control": "no-cache"})

    async def manifest(self) -> Response:
        """What a phone shows of this site once it is on the home screen (W3C Web Application Manifest)."""
        icons = [
            {"src": self.address(name), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for name, sizes, purpose in _ICONS
        ]
        body = json.dumps(_MANIFEST | {"icons": icons})
        return Response(body, media_type="application/manifest+json", headers={"Cache-Control": "no-cache"})


class Pages:
    """Renders a template to a response. A missing value is an error, never an empty place."""

    def __init__(self, assets: Assets, push_key: str = "") -> None:
        """Browsers subscribe to notifications with `push_key`; empty: they are not set up."""
        self._templates = Environment(
            loader=PackageLoader("services.escalation.inbox"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.globals |= {
            "asset": assets.address,
            "push_key": push_key,
            "head_parts": HEAD,
            "body_parts": BODY,
            "LONG_QUOTE": _LONG_QUOTE,
            "NAME_LENGTH": NAME_LENGTH,
        }
        self._templates.filters |= {"cut": cut, "cut_at_word": cut_at_word, "unturned": unturned}

    def page(self, template: str, values: Mapping[str, Any], *, status: int = 200) -> Response:
        return HTMLResponse(self._templates.get_template(template).render(values), status)

    def message(self, heading: str, message: str, *, status: int, link: tuple[str, str] | None = None) -> Response:
        """A page with one message, and a link onwards."""
        address, text = link or (None, None)
        values = {"heading": heading, "message": message, "link": address, "link_text": text}
        return self.page("message.html", values, status=status)


def secured(response: Response) -> Response:
    """The response with the security headers of a page; unless it sets otherwise, it must not be stored."""
    for name, value in SECURITY_HEADERS.items():
        response.headers[name] = value
    response.headers.setdefault("Cache-Control", "no-store")
    return response


SECURITY_HEADERS: Mapping[str, str] = MappingProxyType(_HEADERS)
