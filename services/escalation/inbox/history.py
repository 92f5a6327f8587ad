"""The page with all facts about an episode's order, a hundred at a time, newest first."""

from datetime import datetime
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from services.escalation.domain.entities import products_in
from services.escalation.domain.happenings import CustomerHistory, no_ways, what_happened
from services.escalation.domain.reader import Reader
from services.escalation.domain.words import MUST_NOT_BE_CALLED
from services.escalation.domain.words.in_short import customer_words, unturned
from services.escalation.inbox.dependencies import InboxDependencies
from services.escalation.inbox.rendering import Pages
from services.escalation.inbox.seen import seen_episode
from services.escalation.inbox.sessions import Sessions
from services.escalation.inbox.ways import dialled
from services.escalation.store import inbox as store
from services.escalation.store.account_history import NOW, facts_before, number_of_facts, number_words, place_of
from services.escalation.store.facts import orders_of_cases, published_event
from shared.contracts.support_inbound import ContactPreference


class HistoryPages:
    """The page behind the link to everything that happened."""

    def __init__(self, dependencies: InboxDependencies, sessions: Sessions, pages: Pages) -> None:
        self._pool = dependencies.pool
        self._policies = dependencies.policies
        self._sessions = sessions
        self._pages = pages

    async def history(self, request: Request) -> Response:
        """A page of facts. Raises NotYours for an episode that this reader may not see."""
        signed_in = await self._sessions.reader(request)
        row = await seen_episode(self._pool, request, signed_in)
        me, place = signed_in.salesperson_id, place_of(request.query_params.get("before", ""))
        found = await facts_before(self._pool, me, row.episode_id, place)
        cases = (await orders_of_cases(self._pool, found.rows)).get(row.account_id, {})
        history = CustomerHistory([published_event(one) for one in found.rows], order_of_case=cases)
        policies = await self._policies()
        policy = policies.for_order(policies.latest, row.segment, products_in(row.products))
        forbidden = ContactPreference(row.preference) in MUST_NOT_BE_CALLED
        ways = no_ways if forbidden else dialled(row, history.facts, policy)
        now: datetime = await store.now(self._pool)
        values = {
            "reader": signed_in,
            "id": str(row.episode_id),
            "customer": customer_words(row.customer_name, row.account_id),
            "order": unturned(row.order_id),
            "number": number_words(await number_of_facts(self._pool, me, row.episode_id)),
            "lines": what_happened(
                row.order_id, (), history, Reader(me, ZoneInfo(signed_in.zone), now, signed_in.name), ways
            ),
            "is_newest": place == NOW,
            "older": found.until,
        }
        return self._pages.page("history.html", values)
