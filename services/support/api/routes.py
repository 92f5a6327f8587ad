"""`POST /cases/{id}/page-links` for systems with a reader's key, and the page that such a link opens in a frame."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.support import store
from services.support.api.case_view import Known, view_of
from services.support.api.links import PURPOSE, PageLink, PageLinks
from services.support.api.pages import NOT_OURS, OUR_FAULT, CasePages
from services.support.domain import CaseKey
from shared.contracts.fields import Id, Zone
from shared.database import DATABASE_ERRORS, Pool, is_transient
from shared.http.reader_keys import ReaderKeys
from shared.http.rescues import OF_ACCOUNT, CaseInPath, open_windows, place_of_reader
from shared.ids import AccountId, CaseId
from shared.logs import get_logger

log = get_logger(__name__)

AccountInQuery = Annotated[Id | None, Query(description="ID of the case's account. Needed if several have this case.")]
ZoneInQuery = Annotated[Zone, Query(description="Time zone of the agent, like Europe/Berlin.")]

PAGE = "/case-page"
_READ_AT_MOST = 500
"""The number of the newest facts that are read of a case, and of an account. A history shows fewer: windows that were
only published again have no line."""
_SEVERAL = "several accounts have a case with this ID: name one of them in the parameter `account`"
_UNKNOWN = "no case with this ID is known: name its account in the parameter `account`"
_NOT_THEIRS = "nothing is known about a case with this ID of this account; it may not have been reported yet"
_EXPIRED = ("This link has expired", "Open the case in your help desk again: that makes a new link.")
_AWAY = ("The page cannot be shown now", "The service cannot reach its database. Try again in a moment.")


class PageAddress(BaseModel):
    """A link to the page of a case."""

    url: str = Field(
        description="Address of the page. It is enough to read the page until it expires: treat it as a secret."
    )
    expires_at: datetime = Field(description="Time at which it expires.")


@dataclass(frozen=True, slots=True)
class PageOptions:
    """The site of this service as browsers reach it (empty: as the request did), how long a link works, and what
    draws the page."""

    site: str
    lifetime: timedelta
    pages: CasePages


def case_pages_router(pool: Pool, readers: ReaderKeys, options: PageOptions) -> APIRouter:
    """The router of links and pages."""
    router, case_page = APIRouter(tags=["case page"]), _CasePage(pool, readers, options)
    router.add_api_route(
        "/cases/{case_id:path}/page-links",
        case_page.make_link,
        methods=["POST"],
        summary="Make a link to the page of a case",
        description=(
            "For a help desk that shows the page beside a ticket: what the agent may say to the customer, the history "
            "of the case, and that of the account. The link needs no key and no cookie, shows one case, and changes "
            "nothing. Make a new one each time the ticket is opened."
        ),
        responses={
            401: {"description": "The request has no valid reader key."},
            404: {"description": "No case with this ID is known, or not of the account that is named."},
            409: {"description": "Several accounts have a case with this ID, and the request names none."},
        },
    )
    router.add_api_route(PAGE, case_page.show, methods=["GET"], include_in_schema=False)
    return router


class _CasePage:
    def __init__(self, pool: Pool, readers: ReaderKeys, options: PageOptions) -> None:
        self._pool = pool
        self._readers = readers
        self._options = options
        self._links = PageLinks(readers.secrets_for(PURPOSE))
        self._pages = options.pages

    async def make_link(
        self, case_id: CaseInPath, request: Request, account: AccountInQuery = None, zone: ZoneInQuery = "UTC"
    ) -> PageAddress:
        place = place_of_reader(self._readers, request)
        whose = await self._account_of(case_id) if account is None else AccountId(account)
        if account is not None and not await store.is_known(self._pool, CaseKey(whose, CaseId(case_id))):
            raise HTTPException(404, _NOT_THEIRS)
        expires_at = (await store.now(self._pool) + self._options.lifetime).replace(microsecond=0)
        text = self._links.signed(PageLink(whose, CaseId(case_id), zone, expires_at), place=place)
        site = self._options.site or str(request.base_url).rstrip("/")
        return PageAddress(url=f"{site}{PAGE}?link={text}", expires_at=expires_at)

    async def _account_of(self, case: str) -> AccountId:
        """The one account with this case. Raises HTTPException unless there is exactly one."""
        accounts = await store.accounts_of(self._pool, case)
        if len(accounts) != 1:
            raise HTTPException(409, _SEVERAL) if accounts else HTTPException(404, _UNKNOWN)
        return accounts[0]

    async def show(self, request: Request) -> Response:
        """The page of a link. Without a valid one the response is the same whether or not the case exists."""
        link = self._links.read(request.query_params.get("link", ""))
        if link is None:
            return self._pages.message(*NOT_OURS, status=403)
        try:
            return await self._page_of(link)
        except DATABASE_ERRORS as error:
            if not is_transient(error):
                log.error("the page of a case failed", exc_info=error)
                return self._pages.message(*OUR_FAULT, status=500)
            log.warning("the database did not serve the page of a case", exc_info=error)
            return self._pages.message(*_AWAY, status=503, headers={"Retry-After": "2"})

    async def _page_of(self, link: PageLink) -> Response:
        now = await store.now(self._pool)
        if link.expires_at <= now:
            return self._pages.message(*_EXPIRED, status=410)
        case = await store.case_of(self._pool, link.key)
        windows = await open_windows(self._pool, OF_ACCOUNT, link.account)
        known = Known(
            await store.history_of_case(self._pool, link.key, most=_READ_AT_MOST),
            await store.history_of(self._pool, link.account, most=_READ_AT_MOST),
            await store.decisive_of(self._pool, link.account, most=_READ_AT_MOST),
        )
        view = view_of(link, case, windows, known, now=now)
        return self._pages.page(asdict(view))
