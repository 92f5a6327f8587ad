"""Figures on a real database: what happened to sales, as `handoff report --by` counts it."""

import asyncio
import csv
import io
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from services.escalation.app import publish_policy
from services.escalation.domain.own_facts import (
    AcknowledgePressed,
    ClosePressed,
    CustomerReachedLogged,
    PolicySubmitted,
)
from services.escalation.domain.policy.document import shipped_text
from shared.contracts.escalation import EpisodeResult
from tests.builders import refund_paid
from tests.escalation import button
from tests.inbox import Site, inbox_site, words_of
from tests.servers import MakeDatabase

HOUR = timedelta(hours=1)


async def figures_of(url: str, *options: str) -> str:
    command = ["report", "--escalation-database", url, *options]
    result = await asyncio.to_thread(CliRunner().invoke, app, command)
    assert result.exit_code == 0, result.output
    return result.output


async def allow_groups_of_three(site: Site, individual: str = "self", *, by: str = "vera") -> None:
    text = shipped_text().replace("smallest_group = 8", "smallest_group = 3")
    text = text.replace('individual = "self"', f'individual = "{individual}"')
    await publish_policy(site.service.processor, PolicySubmitted(document=text, by=by, summary="Small groups"))


async def a_team_at_work(site: Site) -> dict[str, UUID]:
    """Vera is above Mona and Otto; Anna and Ben report to Mona, Olga to Otto. Anna reaches her customer after an hour,
    Ben loses his, Olga's has charged the money back."""
    team = {"vera": None, "mona": "vera", "otto": "vera", "ben": "mona", "anna": "mona", "olga": "otto"}
    for person, manager in team.items():
        await site.hire(person, person.title(), email=f"{person}@sales.example", manager=manager)
    episodes = {}
    for order, by, changes in (
        ("4001", "anna", {"amount_minor": 50_000}),
        ("4002", "ben", {}),
        ("4003", "olga", {"kind": "chargeback"}),
    ):
        await site.sell(order, account=f"c-{order}", by=by, amount_minor=100_000, segment="homes")
        more = {"currency": "EUR"} | changes
        episodes[by] = await site.request_refund(order, account=f"c-{order}", minutes_ago=60, **more)
    await site.service.move_clock(HOUR)
    await _press(site, AcknowledgePressed, episodes["anna"], "anna", "c-4001")
    await site.service.move_clock(HOUR)
    await _press(site, CustomerReachedLogged, episodes["anna"], "anna", "c-4001")
    await _press(site, AcknowledgePressed, episodes["ben"], "ben", "c-4002")
    await _press(site, ClosePressed, episodes["ben"], "ben", "c-4002", result=EpisodeResult.LOST, reason="changed_mind")
    return episodes


async def _press(site: Site, kind: Any, episode: UUID, by: str, account: str, **says: Any) -> None:
    report = await site.service.receive(button(kind, episode, by, account=account, **says))
    assert [one.code for one in getattr(report, "rejected", ())] == []


@pytest.fixture
async def url(database: MakeDatabase) -> str:
    return await database("escalation")


async def test_the_report_shows_how_sales_at_risk_fared_but_of_no_small_group(url: str) -> None:
    async with inbox_site(url) as site:
        await a_team_at_work(site)
        assert (await figures_of(url, "--by", "team")).startswith("Fewer than 8 sellers had a sale at risk")
        none = json.loads(await figures_of(url, "--by", "team", "--json"))
        assert (none["all"], none["groups"]) == (None, [])
        await allow_groups_of_three(site)
        found = json.loads(await figures_of(url, "--by", "team", "--json"))
        printed = await figures_of(url, "--by", "cause")
        lines = list(csv.DictReader(io.StringIO(await figures_of(url, "--by", "month", "--csv"))))
        later = json.loads(await figures_of(url, "--by", "segment", "--since", "2199-01-01", "--json"))
    everyone = found["all"]
    (group,) = found["groups"]
    assert (group["sellers"], group["names"]) == (3, ["mona", "otto"]), "two teams that are too small are shown as one"
    assert {name: group[name] for name in everyone} == everyone
    assert everyone["not_ours_to_save"] == 1
    assert (everyone["requests"]["total"], everyone["requests"]["open"], everyone["requests"]["lost"]) == (2, 1, 1)
    assert everyone["requests"]["attempted"] == 1
    assert everyone["to_acknowledge"]["count"] == 2
    assert everyone["to_acknowledge"]["median_seconds"] == pytest.approx(3600, abs=120)
    assert everyone["customer_waited"]["median_seconds"] == pytest.approx(3 * 3600, abs=120)
    assert everyone["money_minor"] == {
        "at_risk": {"EUR": 50_000},
        "kept": {},
        "lost": {"EUR": 100_000},
        "given_away": {},
    }
    assert "Refund requested" in printed
    assert "2: 1 attempted; 1 open, 1 lost" in printed
    assert "Not ours to save" in printed
    assert "one that was lost and is at risk again counts as at risk." in printed
    assert [line["sellers"] for line in lines] == ["3"]
    assert lines[0]["money_minor_lost_EUR"] == "100000"
    assert later["all"] is None


async def test_a_manager_of_few_sees_the_next_larger_team_and_a_person_only_their_own_figures(url: str) -> None:
    async with inbox_site(url) as site:
        await a_team_at_work(site)
        vera, mona, anna = [await site.signed_in(person) for person in ("vera", "mona", "anna")]
        assert "There are no figures yet" in words_of((await vera.get("/team/figures")).text)
        await allow_groups_of_three(site)
        page = words_of((await vera.get("/team/figures?by=team")).text)
        assert "Your team" in page
        assert "of 3 sellers" in page
        assert "Mona's team, Otto's team" in page, "teams that are too small are shown as one"
        assert "€1,000" in page
        larger = words_of((await mona.get("/team/figures")).text)
        assert "Vera's team" in larger
        assert "In your own team fewer than 3 sellers had a sale at risk." in larger
        assert "You have no team here" in words_of((await anna.get("/team/figures")).text)
        answer = await mona.get("/team/figures?by=product&format=csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert [line["sellers"] for line in csv.DictReader(io.StringIO(answer.text))] == ["3"]

        own = words_of((await anna.get("/figures")).text)
        assert "Only you can see this page." in own
        assert (await mona.get("/figures?person=anna")).status_code == 404
        await allow_groups_of_three(site, individual="manager")
        assert "Each look is recorded" in words_of((await mona.get("/team/figures")).text)
        seen = words_of((await mona.get("/figures?person=anna")).text)
        assert "Anna sees that you looked." in seen
        await mona.get("/figures?person=anna", headers={"X-Refresh": "yes"})
        for stranger, whose in ((mona, "olga"), (mona, "vera"), (anna, "mona"), (anna, "ben")):
            assert (await stranger.get(f"/figures?person={whose}")).status_code == 404
        looks = await site.service.rows("escalation.figure_looks")
        assert [(look["by"], look["whose"]) for look in looks] == [("mona", "anna")], "a page that refreshes is no look"
        assert "Looks at your figures Mona" in words_of((await anna.get("/figures")).text)


async def test_an_alarm_that_was_right_is_shown_to_the_person_who_closed_it_alone(url: str) -> None:
    async with inbox_site(url) as site:
        episodes = await a_team_at_work(site)
        await allow_groups_of_three(site, individual="manager")
        wrong: dict[str, Any] = {"result": EpisodeResult.FALSE_ALARM, "reason": "nothing_wrong"}
        await _press(site, ClosePressed, episodes["anna"], "anna", "c-4001", **wrong)
        before = words_of((await (await site.signed_in("vera")).get("/team/figures")).text)
        await site.receive(refund_paid("4001", 50_000), about="c-4001")
        own = words_of((await (await site.signed_in("anna")).get("/figures")).text)
        assert "Alarms that were right" in own
        assert "Refund requested signals.refund_requested" in own
        assert "Alarms that were right" not in words_of(
            (await (await site.signed_in("mona")).get("/figures?person=anna")).text
        )
        after = words_of((await (await site.signed_in("vera")).get("/team/figures")).text)
        assert "False alarm" in before
        assert "Alarms that were right" not in after


async def test_options_that_do_not_fit_are_refused(url: str) -> None:
    for options, trouble in (
        (["--csv"], "--csv needs --by"),
        (["--since", "2026-05-04"], "--since needs --by"),
        (["--by", "team", "--csv", "--json"], "--csv needs --by, and no --json"),
        (["--by", "team", "--episodes"], "Choose --by or --episodes"),
    ):
        result = await asyncio.to_thread(CliRunner().invoke, app, ["report", "--escalation-database", url, *options])
        assert result.exit_code == 1
        assert trouble in result.output
