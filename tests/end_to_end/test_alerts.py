"""The promises to sellers and publishers, kept by the running services."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from functools import partial

import orjson
from confluent_kafka import Producer

from tests.builders import contact_made, order_placed, refund_requested, salesperson_changed
from tests.stories import Company, Story, customer_at_noon
from tests.waiting import eventually, until

SECONDS = 5.0


async def test_a_refund_request_alerts_the_original_salesperson_by_email_within_seconds(story: Story) -> None:
    await story.hire()
    await story.sell()
    await story.known()
    await story.request_refund(words="I want my money back.")
    alert = await story.expect_alert_for(story.seller, within_seconds=SECONDS)
    (mail,) = await story.mails()
    assert f"You sold order {story.order} on " in alert.why_you
    assert alert.why_you in mail.text
    assert "I want my money back." in mail.text
    assert mail.subject.startswith("Critical: Petra Weiss, refund of €14,900.00 requested, acknowledge by ")
    assert mail.message_id.startswith(f"<{alert.delivery_id}@")


async def test_one_trace_leads_from_the_published_fact_to_the_e_mail(company: Company, story: Story) -> None:
    await story.hire()
    await story.sell()
    await story.known()
    asked = await story.request_refund()
    await story.expect_alert_for()

    async def printed() -> str:
        return (await company.handoff("trace", asked.id))[1]

    tree = await until(printed, lambda tree: "escalation.delivery.attempted" in tree, within_seconds=10)
    assert tree.count("trace ") == 1
    spans = [line for line in tree.splitlines() if re.search(r" \+\d+\.\d ms ", line)]
    names = [re.search(r"(\w+ [\w.-]+(?: [\w.-]+)?)  \+", line)[1] for line in spans]  # type: ignore[index]
    way = [
        "support support.inbound.refund_requested",
        f"support send {company.cluster.topic('support.cases.v1')}",
        "escalation support.refund_requested",
        "escalation deliver email",
        "escalation escalation.delivery.attempted",
    ]
    assert [name for name in names if name in way] == way
    assert f"escalation send {company.cluster.topic('escalation.episodes.v1')}" in names
    depths = [spans[names.index(name)].index("── ") for name in way]
    assert depths == sorted(set(depths)), "each is the child of the one before"


async def test_a_successor_learns_whose_customer_it_is(story: Story) -> None:
    successor = f"ben-{story.seller}"
    since = (datetime.now(UTC) - timedelta(days=20)).date()
    await story.hire(successor, "Ben Okafor")
    await story.hire(active=False, successor={"salesperson": successor, "since": since})
    await story.sell()
    await story.fail_contact()
    alert = await story.expect_alert_for(successor)
    assert alert.because == "successor"
    assert alert.why_you.startswith(f"Anna Berg sold order {story.order} on ")


async def test_a_failure_waits_for_its_sale(story: Story) -> None:
    await story.hire()
    await story.fail_contact()
    waiting = "select count(*) from escalation.signals where account_id = $1 and episode_id is null"
    await eventually(lambda: story.company.pools["escalation"].fetchval(waiting, story.account), 1)
    assert await story.alerts() == []
    await story.sell()
    await story.expect_alert_for()


async def test_acknowledging_on_the_page_cancels_an_unsent_email(company: Company, story: Story) -> None:
    await story.hire()
    await story.sell()
    await company.mail_server.stop()
    try:
        await story.request_refund()

        async def tried() -> bool:
            return any(alert.mail_state == "pending" and alert.attempts > 0 for alert in await story.alerts())

        await eventually(tried, True)
        (alert,) = await story.alerts()
        await story.acknowledge(alert)
        await story.expect_alert_for(mail="cancelled")
        assert "You are handling this" in await story.page()
    finally:
        await company.mail_server.start()
    await company.move_clock(timedelta(minutes=11))  # all retries become due before the next event
    later = company.story()
    await later.hire()
    await later.sell()
    await later.request_refund()
    await later.expect_alert_for()
    assert await story.mails() == []


async def test_an_agent_learns_of_the_save_window_from_support_and_from_orders(story: Story) -> None:
    await story.hire()
    await story.sell()
    await story.request_refund()
    alert = await story.expect_alert_for()
    for service in ("support", "orders"):
        await eventually(partial(story.rescue, service), "A colleague will call you.")
    await story.acknowledge(alert)

    async def named() -> bool:
        said = [await story.rescue(service) or "" for service in ("support", "orders")]
        return all("Anna Berg will call you by" in one for one in said)

    await eventually(named, True)


async def test_events_posted_with_a_publishers_key_end_in_an_alert_on_the_page(story: Story) -> None:
    person = salesperson_changed(email=story.address())
    sold_at = datetime.now(UTC) - timedelta(days=3)
    sale = order_placed(story.order, sold_by=story.seller, sold_at=sold_at, customer=customer_at_noon())
    for service, fact in (("orders", person), ("orders", sale), ("support", refund_requested(case=None))):
        answer = await story.post(service, fact)
        assert answer.status_code == 200, answer.text
    await story.expect_alert_for()
    page = await story.page()
    assert "Petra Weiss" in page
    assert f"You sold order {story.order} on " in page


async def test_structured_json_of_a_foreign_client_is_accepted(company: Company, story: Story) -> None:
    await story.hire()
    await story.sell()
    event = {
        "specversion": "1.0",
        "id": f"foreign-{story.account}",
        "source": "kcat",
        "type": "support.inbound.refund_requested",
        "subject": story.account,
        "time": datetime.now(UTC).isoformat(),
        "data": {"words": "Take it back."},
    }
    producer = Producer({"bootstrap.servers": company.cluster.bootstrap_servers})
    producer.produce(company.cluster.topic("support.inbound.v1"), orjson.dumps(event))  # no key, no headers
    assert await asyncio.to_thread(producer.flush, 10) == 0
    alert = await story.expect_alert_for()
    assert alert.kind == "refund_requested"


async def test_the_desk_is_alerted_about_an_unknown_sellers_sale_after_fifteen_minutes(
    company: Company, story: Story
) -> None:
    await story.hire("desk", "Sales desk")
    await story.sell(sold_by=f"stranger-{story.seller}")
    await story.fail_contact()
    sought = "select count(*) from shared.timers where subject = $1 and type = 'escalation.timer.recipient_sought'"
    await eventually(lambda: company.pools["escalation"].fetchval(sought, story.account), 1)
    assert await story.alerts() == []
    await company.move_clock(timedelta(minutes=16))
    await eventually(lambda: _recipients(story), ["desk"])
    await until(partial(_mail_a_minute_later, company, story), "sent".__eq__)
    alert = await story.expect_alert_for("desk")
    assert alert.because == "seller_unknown"


async def _mail_a_minute_later(company: Company, story: Story) -> str:
    """Alerts that reach the desk at once go as one list a minute later, even those that were not held a minute ago."""
    await company.move_clock(timedelta(minutes=1))
    await asyncio.sleep(2)
    (alert,) = await story.alerts()
    return alert.mail_state


async def _recipients(story: Story) -> list[str]:
    return [alert.recipient for alert in await story.alerts()]


async def test_a_talk_dated_ahead_of_the_clock_is_refused_and_hides_no_dead_end(company: Company, story: Story) -> None:
    await story.hire()
    await story.sell()
    await story.known()
    talk = contact_made("answered", case=None, direction="outbound")
    answer = await story.post("support", talk, at=await company.now() + timedelta(minutes=45))
    assert answer.status_code == 409
    (error,) = answer.json()["errors"]
    assert (error["index"], error["code"], error["field"]) == (0, "time_ahead", "time")
    assert "Was local time sent with the suffix Z (UTC)?" in error["reason"]
    answer = await story.post("support", talk, at=await company.now() + timedelta(minutes=2))
    assert answer.status_code == 200, answer.text
    answer = await story.post("support", contact_made("dead_end", case=None), at=await company.now())
    assert answer.status_code == 200, answer.text
    await story.expect_alert_for(story.seller)
