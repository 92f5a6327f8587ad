"""What the page of a case makes of facts of other services."""

from datetime import timedelta
from uuid import UUID

from shared.contracts import orders
from shared.contracts.escalation import SaveWindowClosed, SaveWindowEnd
from tests.builders import ACCOUNT, AT, case_opened, contact_made, input_of
from tests.case_pages import case_desk, window
from tests.inbox import words_of
from tests.servers import MakeDatabase


async def test_a_refund_stands_at_the_top_however_many_contacts_came_after_it(database: MakeDatabase) -> None:
    paid = orders.RefundPaid(order="4711", amount_minor=48_000, currency="EUR")
    newer = [input_of(contact_made(case=None), at=AT + timedelta(minutes=number)) for number in range(1, 502)]
    async with case_desk(await database("support")) as desk:
        await desk.service.receive(case_opened("CS-1", order="4711"), input_of(paid, at=AT), *newer)
        shown = words_of((await desk.read(await desk.url_of("CS-1"))).text)
    assert "Already done €480.00 was refunded for order 4711 on 4 May 2026 at 09:30." in shown


async def test_after_a_save_the_page_says_whom_to_ask_and_what_was_paid(database: MakeDatabase) -> None:
    async with case_desk(await database("support")) as desk:
        now = await desk.service.now()
        over = SaveWindowClosed(episode=UUID(int=1), order="4711", because=SaveWindowEnd.SAVED, closed_at=now)
        opened = window(now + timedelta(hours=2), acknowledged=True)
        await desk.service.receive(case_opened("CS-1", order="4711"), input_of(opened, subject=ACCOUNT, at=now))
        await desk.service.receive(input_of(over, subject=ACCOUNT, at=now))
        url = await desk.url_of("CS-1")
        shown = words_of((await desk.read(url)).text)
        assert "A colleague has spoken to the customer about this. Ask Anna Berg before you refund or cancel." in shown
        assert "The time for a call about order 4711 is over" in shown
        await desk.service.receive(
            input_of(orders.RefundPaid(order="4711", amount_minor=48_000, currency="EUR"), at=now)
        )
        shown = words_of((await desk.read(url)).text)
        assert f"€480.00 was refunded for order 4711 today at {now:%H:%M}." in shown
