"""Cases in support, kept and published, on real Postgres."""

from itertools import islice, permutations

import pytest

from shared.contracts.fact import Fact
from shared.inputs import Input, Outcome
from tests.builders import (
    ACCOUNT,
    AT,
    CASE,
    OTHER_ACCOUNT,
    cancellation_requested,
    cancellation_withdrawn,
    case_closed,
    case_opened,
    case_reassigned,
    case_reopened,
    case_resolved,
    case_status_changed,
    contact_made,
    contact_preference_changed,
    customer_insists,
    input_of,
    minutes,
    refund_requested,
    refund_withdrawn,
    response_overdue,
    response_promised,
    satisfaction_rated,
    seller_requested,
)
from tests.services import ServiceUnderTest, published_id

CASE_STATE = ("status", "status_at", "status_by", "reassignments", "reassigned_by", "assigned_to", "title")


async def test_a_case_is_kept_and_published(support: ServiceUnderTest) -> None:
    await support.receive(case_opened(order="4711", status="neu"))

    row = await support.row("support.cases")
    assert (row["account_id"], row["case_id"], row["order_id"]) == (ACCOUNT, CASE, "4711")
    assert (row["status"], row["reassignments"], row["opened_at"]) == ("neu", 0, AT)
    assert (row["person_name"], row["person_phone"]) == ("Jonas Weiss", "+49 30 901821")
    (event,) = await support.published()
    assert (event.type, event.subject, event.data.title) == (
        "support.case_opened",
        ACCOUNT,
        "Heating stays cold",
    )


async def test_two_accounts_may_use_the_same_case_id(support: ServiceUnderTest) -> None:
    await support.receive(case_opened(), input_of(case_opened(title="Other"), subject=OTHER_ACCOUNT))
    assert [row["title"] for row in await support.rows("support.cases")] == ["Heating stays cold", "Other"]


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "in two"])
async def test_a_contradicting_opening_is_a_dead_letter_and_the_first_stands(
    support: ServiceUnderTest, together: bool
) -> None:
    openings = [input_of(case_opened(title="First")), input_of(case_opened(title="Second"))]
    if together:
        report = await support.receive(*openings)
    else:
        _, report = await support.receive_one_by_one(*openings)
    assert report.outcomes[-1] is Outcome.DEAD_LETTERED
    assert await support.dead_letter_codes() == ["case_contradicted"]
    assert (await support.row("support.cases"))["title"] == "First"
    assert await support.published_types() == ["support.case_opened"]


async def test_an_identical_opening_under_another_id_has_no_effect(support: ServiceUnderTest) -> None:
    await support.receive(case_opened(), input_of(case_status_changed("waiting"), at=minutes(1)))
    report = await support.receive(input_of(case_opened(), at=minutes(30)))
    assert report.outcomes == [Outcome.APPLIED]
    assert (await support.row("support.cases"))["status"] == "waiting"
    assert len(await support.published()) == 2


async def test_the_same_event_again_is_a_duplicate(support: ServiceUnderTest) -> None:
    opening, reassigned = input_of(case_opened()), input_of(case_reassigned(1))
    await support.receive(opening, reassigned, reassigned)
    report = await support.receive(reassigned, opening)
    assert report.outcomes == [Outcome.DUPLICATE, Outcome.DUPLICATE]
    assert await support.published_types() == ["support.case_opened", "support.case_reassigned"]


@pytest.mark.parametrize("courtesy", ["thanks", "automatic_reply"])
async def test_a_reopening_out_of_courtesy_is_published_and_leaves_the_case_as_it_was(
    support: ServiceUnderTest, courtesy: str
) -> None:
    await support.receive(case_opened(), input_of(case_resolved(), at=minutes(1)))
    before = await support.row("support.cases")
    await support.receive(input_of(case_reopened(courtesy=courtesy), at=minutes(2)))
    assert await support.row("support.cases") == before
    event = (await support.published())[-1]
    assert (event.type, event.data.courtesy) == ("support.case_reopened", courtesy)


async def test_a_contact_preference_is_published_at_once(support: ServiceUnderTest) -> None:
    await support.receive(contact_preference_changed("deceased"))
    (event,) = await support.published()
    assert (event.type, event.subject) == ("support.contact_preference_changed", ACCOUNT)
    assert dict(event.data) == dict(contact_preference_changed("deceased"))


WAITING: list[Fact] = [
    case_reassigned(1),
    case_status_changed("open"),
    case_reopened(),
    case_resolved(),
    case_closed(),
    case_reopened(courtesy="thanks"),
    response_promised(),
    response_overdue(),
    satisfaction_rated(2),
    contact_made("unanswered"),
]
SIGNALS: list[Fact] = [contact_made("dead_end"), refund_requested(), cancellation_requested(), seller_requested()]
TAKEN_BACK: list[Fact] = [refund_withdrawn(), cancellation_withdrawn(), customer_insists()]


async def test_a_fact_about_an_unknown_case_waits_for_its_opening(support: ServiceUnderTest) -> None:
    for number, fact in enumerate(WAITING):
        account = f"c{number}"
        early = input_of(fact, subject=account, at=minutes(5))
        await support.receive(early)
        await support.receive(input_of(case_opened(), subject=f"another {number}"))
        assert await support.waiting() == [fact.type]

        await support.receive(input_of(case_opened(), subject=account))
        assert await support.waiting() == []
        event = (await support.published())[-1]
        assert (event.id, event.time, event.subject) == (published_id(early), minutes(5), account)
        assert dict(event.data) == dict(fact)


async def test_a_fact_that_is_itself_a_signal_and_its_withdrawal_never_wait_for_their_case(
    support: ServiceUnderTest,
) -> None:
    for number, fact in enumerate((*SIGNALS, *TAKEN_BACK), start=1):
        await support.receive(input_of(fact, subject=f"c{number}"))
        assert await support.waiting() == []
        assert (await support.published())[-1].data.case == CASE
        await support.receive(input_of(case_opened(), subject=f"c{number}"))
        assert len(await support.published()) == number * 2


async def test_a_fact_without_a_case_is_published_at_once(support: ServiceUnderTest) -> None:
    facts = [fact.model_copy(update={"case": None}) for fact in (*WAITING, *SIGNALS, *TAKEN_BACK)]
    await support.receive(*facts)
    assert [dict(event.data) for event in await support.published()] == [dict(fact) for fact in facts]
    assert await support.rows("support.cases") == []


async def test_waiting_facts_follow_the_opening_in_the_order_of_their_times(support: ServiceUnderTest) -> None:
    await support.receive(input_of(case_closed(), at=minutes(30)), input_of(case_resolved(), at=minutes(20)))
    await support.receive(input_of(case_reassigned(1), at=minutes(10)), case_opened())
    assert await support.published_types() == [
        "support.case_opened",
        "support.case_reassigned",
        "support.case_resolved",
        "support.case_closed",
    ]
    assert (await support.row("support.cases"))["status"] == "closed"


@pytest.mark.parametrize("batches", [[4], [1, 3], [1, 1, 1, 1]], ids=str)
async def test_facts_of_one_case_in_any_order_end_in_the_same_state_and_the_same_events(
    support: ServiceUnderTest, batches: list[int]
) -> None:
    facts = [
        case_opened(),
        case_reassigned(2, assigned_to="desk two"),
        case_status_changed("open"),
        case_resolved(),
    ]
    times = [AT, minutes(5), minutes(10), minutes(10)]
    expected: set[str] = set()
    for number, sequence in enumerate(permutations(range(4))):
        inputs = [
            input_of(fact, id=str(index), at=times[index], source=f"desk/{number}", subject=f"c{number}")
            for index, fact in enumerate(facts)
        ]
        arriving = iter([inputs[index] for index in sequence])
        for size in batches:
            await support.receive(*islice(arriving, size))
        expected |= {published_id(one) for one in inputs}

    states = {tuple(row[name] for name in CASE_STATE) for row in await support.rows("support.cases")}
    assert states == {("resolved", minutes(10), "3", 2, "1", "desk two", "Heating stays cold")}
    assert await support.published_ids() == expected
    assert len(await support.published()) == len(expected)


async def test_a_batch_of_many_cases_and_accounts_is_applied_whole(support: ServiceUnderTest) -> None:
    def story(number: int) -> list[Input]:
        account, case = f"c{number % 40}", f"case-{number}"
        facts: list[Fact] = [case_status_changed("open", case), case_opened(case), contact_made(case=case)]
        return [
            input_of(fact, subject=account, at=minutes(index), source=f"desk/{number}")
            for index, fact in enumerate(facts)
        ]

    report = await support.receive(*(one for number in range(160) for one in story(number)))
    assert set(report.outcomes) == {Outcome.APPLIED}
    assert len(await support.rows("support.cases")) == 160
    assert len(await support.rows("support.contacts")) == 160
    assert len(await support.published()) == 480
