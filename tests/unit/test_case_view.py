"""What a support agent reads on the page of a case."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.support.api.case_view import MOST_LINES, CaseView, Known, view_of
from services.support.api.links import PageLink
from services.support.domain import Case, Facts, opened
from shared.contracts.envelope import Envelope, Fact
from shared.contracts.escalation import SaveWindowClosed, SaveWindowEnd, SaveWindowOpened
from shared.contracts.order_parts import Line
from shared.ids import AccountId, CaseId
from shared.rescue_words import OpenWindow
from tests.builders import (
    ACCOUNT,
    AT,
    CASE,
    ORDER,
    case_opened,
    contact_made,
    event_of,
    minutes,
    order_changed,
    order_placed,
    refund_requested,
    response_promised,
)

NOW = AT + timedelta(minutes=30)
UNTIL = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def window(order: str = ORDER, case: str | None = CASE, *, acknowledged: bool = False) -> OpenWindow:
    return OpenWindow(ACCOUNT, order, case, "Anna Berg", acknowledged, UNTIL, "Europe/Berlin", NOW)


def window_event(*, acknowledged: bool = False, at: datetime = AT, **changes: datetime) -> Envelope[Fact]:
    about = {"episode": UUID(int=1), "order": ORDER, "case": CASE, "who": "anna", "name": "Anna Berg"}
    more = {"acknowledged": acknowledged, "until": UNTIL, "zone": "Europe/Berlin"}
    return event_of(SaveWindowOpened.model_validate(about | more | changes), subject=ACCOUNT, at=at)


def shown(
    *history: Envelope[Fact], windows: tuple[OpenWindow, ...] = (), case: Case | None = None, zone: str = "UTC"
) -> CaseView:
    link = PageLink(AccountId(ACCOUNT), CaseId(CASE), zone, NOW + timedelta(minutes=15))
    of_case = Facts([event for event in history if getattr(event.data, "case", None) == CASE], more=False)
    return view_of(link, case, windows, Known(of_case, Facts(history, more=False), history), now=NOW)


def titles(*history: Envelope[Fact]) -> list[str]:
    return [line.title for line in shown(*history).of_account.lines]


def test_no_name_and_no_time_is_shown_before_a_colleague_acknowledged() -> None:
    view = shown(window_event(), windows=(window(),))
    assert [(one.say, one.order, one.clock) for one in view.sayings] == [("A colleague will call you.", ORDER, None)]
    assert [line.title for line in view.of_case.lines] == ["A colleague will call the customer about order 4711"]
    assert "Anna" not in str(view)


def test_who_calls_and_when_is_in_the_customers_zone_once_they_acknowledged() -> None:
    view = shown(window_event(acknowledged=True), windows=(window(acknowledged=True),), zone="America/New_York")
    (saying,) = view.sayings
    assert (saying.say, saying.clock) == ("Anna Berg will call you by 14:00 at the latest.", "Europe/Berlin")
    (line,) = view.of_account.lines
    assert line.title == "Anna Berg calls the customer about order 4711 by 4 May 2026, 14:00 CEST at the latest"
    assert (line.at.shown, line.at.absolute) == ("today, 05:30", "4 May 2026, 05:30 EDT")
    assert (view.read_at, view.expires_at) == ("06:00", "06:15")


def test_after_a_talk_the_agent_reads_whom_to_ask_and_that_nobody_calls() -> None:
    talked = replace(window(acknowledged=True), reached_at=minutes(10))
    view = shown(windows=(talked,))
    assert [one.say for one in view.sayings] == ["You talked with Anna Berg at 11:40."]
    assert view.advice == (
        "A colleague has spoken to the customer about this. Ask Anna Berg before you refund or cancel."
    )
    assert shown(windows=(replace(talked, call_at=UNTIL),)).advice is None


def test_a_promised_call_and_a_talk_have_a_line_each() -> None:
    promised = window_event(acknowledged=True, at=minutes(1), call_at=UNTIL)
    talked = window_event(acknowledged=True, at=minutes(2), reached_at=minutes(2))
    assert titles(talked, promised) == [
        "Anna Berg talked with the customer about order 4711",
        "Anna Berg calls the customer about order 4711 at 4 May 2026, 14:00 CEST",
    ]


def test_a_time_in_utc_names_it_and_is_not_called_the_customers() -> None:
    (saying,) = shown(windows=(replace(window(acknowledged=True), zone="UTC"),)).sayings
    assert ("12:00 UTC" in saying.say, saying.clock) == (True, None)


def test_a_window_about_the_order_of_the_case_is_about_the_case() -> None:
    case = opened(event_of(case_opened(order=ORDER)))
    view = shown(windows=(window(case="another"), window("4800", "another")), case=case)
    assert ([one.order for one in view.sayings], [one.order for one in view.others]) == ([ORDER], ["4800"])
    view = shown(windows=(window(case="another"),))
    assert ([one.order for one in view.sayings], [one.order for one in view.others]) == ([], [ORDER])


def test_the_history_of_the_case_is_part_of_that_of_the_account() -> None:
    other = event_of(contact_made(case="another", words="Hello?"), at=minutes(2))
    own = event_of(refund_requested(amount_minor=48_000, currency="EUR", words="I want my money back."), at=AT)
    view = shown(other, own)
    assert [line.title for line in view.of_case.lines] == ["Refund of €480.00 requested (case case-1)"]
    assert [line.quote for line in view.of_account.lines] == ["Hello?", "I want my money back."]
    assert {line.source for line in view.of_account.lines} == {"Support"}


def test_a_sale_stands_at_the_time_of_the_sale_not_of_its_report() -> None:
    sale = event_of(order_placed(sold_at=minutes(-60)), at=minutes(5))
    lines = shown(sale, event_of(contact_made(), at=AT)).of_account.lines
    assert [line.at.shown for line in lines] == ["today, 09:30", "today, 08:30"]


def test_why_a_window_ended_is_not_shown() -> None:
    closed = SaveWindowClosed(
        episode=UUID(int=1), order=ORDER, case=CASE, because=SaveWindowEnd.LOST, closed_at=minutes(5)
    )
    assert titles(event_of(closed, subject=ACCOUNT)) == ["The time for a call about order 4711 is over"]


def test_a_window_that_is_published_again_without_a_visible_change_has_one_line() -> None:
    again = [window_event(acknowledged=True, at=minutes(3)), window_event(at=minutes(2)), window_event(at=minutes(1))]
    assert len(titles(*again)) == 2


def test_a_long_history_ends_with_a_note() -> None:
    history = [event_of(contact_made(), at=minutes(-number)) for number in range(MOST_LINES + 1)]
    view = shown(*history)
    assert (len(view.of_account.lines), view.of_account.more) == (MOST_LINES, True)
    view = shown(*history[1:])
    assert (len(view.of_account.lines), view.of_account.more) == (MOST_LINES, False)


def test_a_quote_has_no_characters_that_turn_or_hide_it() -> None:
    (line,) = shown(
        event_of(refund_requested(words="\u202eWhere is\r\nmy\x1b[31m \u2066money?\n\n\n\n\nNow"))
    ).of_case.lines
    assert (line.quote, line.beginning) == ("Where is\nmy [31m money?\n\nNow", None)
    (line,) = shown(event_of(refund_requested(words="\n\u202e \n"))).of_case.lines
    assert (line.quote, line.beginning) == (None, None)


def test_a_quote_of_many_words_or_lines_is_folded() -> None:
    for words in ("money back " * 60, "a\n" * 13):
        (line,) = shown(event_of(refund_requested(words=words))).of_case.lines
        assert line.beginning is not None
        assert "\n" not in line.beginning
        assert len(line.beginning) <= 300


def test_a_fact_declared_a_test_is_marked() -> None:
    view = shown(event_of(refund_requested(test=True)), event_of(refund_requested(test=False)))
    assert [line.title for line in view.of_case.lines] == [
        "Refund of €14,900.00 requested (case case-1) (test)",
        "Refund of €14,900.00 requested (case case-1)",
    ]


def test_the_customer_and_the_order_of_the_case_are_named() -> None:
    case = opened(event_of(case_opened(order=ORDER)))
    other = event_of(order_placed("4800", lines=(Line(product="Something else"),)))
    view = shown(event_of(order_changed(amount_minor=1_500_000)), event_of(order_placed()), other, case=case)
    assert ("Customer", "Petra Weiss") in view.about
    assert ("Order 4711", "Heat pump and 1 other line, €15,000.00") in view.about
    assert "Something else" not in str(view.about)


def test_a_line_says_what_a_request_is_about_who_spoke_and_that_a_promised_time_passed() -> None:
    by_mail = contact_made(direction="outbound", channel="email", result="answered", agent="kim")
    events = (
        event_of(refund_requested(order=ORDER), at=minutes(4)),
        event_of(by_mail, at=minutes(3)),
        event_of(response_promised(NOW + timedelta(minutes=1)), at=minutes(2)),
        event_of(response_promised(NOW - timedelta(minutes=1)), at=minutes(1)),
    )
    request, mail, promised, passed = shown(*events).of_account.lines
    assert request.title == "Refund of €14,900.00 requested (order 4711)"
    assert (mail.title, (mail.by or "").split(" · ")[-1]) == ("E-mail to the customer, sent", "agent kim")
    assert (promised.title.endswith("passed"), passed.title.endswith("that time has passed")) == (False, True)
