"""The stories. Each lists its events in order of time, with the expected results at their places."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from services.cli.demo.cast import (
    ANNA,
    AOIFE,
    AT_WORK,
    CARLA,
    ELIF,
    HANA,
    HENRIK,
    JONAS,
    LUCIA,
    MAREK,
    MIRA,
    NAOMI,
    NINA,
    OWEN,
    PETRA,
    SAMIR,
    SOFIA,
    TARIQ,
    TOMAS,
    VERA,
    Buyer,
    many_buyers,
)
from services.cli.demo.narration import Ended
from services.cli.demo.observing import NotAsExpected
from services.cli.demo.rescues import (
    dead_end_then_refund,
    offer_above_the_limit,
    save_that_does_not_hold,
    save_that_holds,
    taken_and_not_redeemed,
    win_back_that_waits,
)
from services.cli.demo.scene import Scene, Stage
from services.cli.demo.storm import Crowd
from shared.contracts.order_parts import Promise, Side
from shared.contracts.people_parts import Away, Successor
from shared.contracts.support_inbound import ContactResult
from shared.database import DATABASE_ERRORS
from shared.messaging.publisher import PublishError


@dataclass(frozen=True, slots=True)
class Story:
    """A title, one sentence on what it shows, its customer, and how it goes."""

    title: str
    lead: str
    buyer: Buyer
    play: Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Played:
    """How a story ended, its order, and the event of its failure, by which it can be traced."""

    ended: Ended
    order: str
    event_id: str | None


async def nobody_answers(scene: Scene) -> None:
    sold_on = scene.ago(weeks=6)
    await scene.sale(
        SOFIA, "Heat pump with installation", 1_490_000, on=sold_on, line="Sofia Rossi sells Petra Weiss a heat pump."
    )
    await scene.call(ContactResult.UNANSWERED, "Petra calls: the house is cold. No one answers.", minutes_ago=55)
    await scene.call(ContactResult.VOICEMAIL, "She calls again and reaches an answering machine.", minutes_ago=38)
    await scene.call(
        ContactResult.UNANSWERED,
        "She calls a third time, and no one answers. That is one unanswered call too many.",
        minutes_ago=21,
    )
    await scene.alert(SOFIA)
    await scene.call(
        ContactResult.DEAD_END,
        "She holds for twenty minutes and is cut off: a dead end.",
        words="Is anybody there? We have had no heating since Friday.",
    )
    await scene.decided("not_rung", says=SOFIA.id)
    await scene.end(signals=2)


async def failure_before_sale(scene: Scene) -> None:
    await scene.call(
        ContactResult.DEAD_END,
        "Lucía calls about her new desk and is sent from one agent to the next.",
        words="I paid an hour ago and nobody finds my order.",
    )
    await scene.wait_for_order()
    sold_on = scene.ago(hours=1)
    await scene.sale(
        MAREK, "Standing desk, oak", 74_900, on=sold_on, line="The shop reports late: Marek Nowak sold her that desk."
    )
    await scene.alert(MAREK)
    await scene.end(signals=1)


async def seller_who_left(scene: Scene) -> None:
    left_on = _latest_first_of_july(scene.ago())
    sold_on = datetime(left_on.year, 5, 4, 9, 30, tzinfo=UTC)
    await scene.sale(ANNA, "Solar roof, 9 kWp", 2_380_000, on=sold_on, line="Anna Berg sells Tariq Aziz a solar roof.")
    left = ANNA.introduced(active=False, successor=Successor(salesperson=JONAS.id, since=left_on))
    await scene.directory(ANNA, left, "Anna left on 1 July. Jonas Keller has taken over her accounts.")
    await scene.refund_request(
        2_380_000, "Tariq asks for his money back.", words="Four visits and it still feeds nothing into the grid."
    )
    await scene.alert(JONAS, because="successor", says=f"{ANNA.name} sold order {scene.order} on 4 May")
    await scene.end(signals=1)


async def one_event_three_times(scene: Scene) -> None:
    sold_on = scene.ago(weeks=2)
    await scene.sale(
        SOFIA, "Electric cargo bike", 549_900, on=sold_on, line="Sofia Rossi sells Naomi Clarke a cargo bike."
    )
    before = await scene.stage.observer.support_ledger()
    await scene.refund_request(
        549_900,
        "Naomi asks once. The help desk restarts and sends it three times.",
        words="The motor cuts out in traffic. I am not riding it again.",
        copies=3,
    )
    await scene.alert(SOFIA)
    await scene.settled_records(before, applied=1, duplicate=2)
    await scene.end(signals=1)


async def nobody_takes_it(scene: Scene) -> None:
    sold_on = scene.ago(weeks=8)
    await scene.sale(NINA, "Pellet boiler", 1_290_000, on=sold_on, line="Nina Holm sells Carla Brandão a boiler.")
    await scene.call(
        ContactResult.DEAD_END,
        "The boiler is out. Support keeps Carla waiting until she gives up.",
        words="I have a baby here and no warm water.",
    )
    await scene.alert(NINA)
    await scene.time_passes("Sixteen minutes pass, and Nina has not seen it.", minutes=16)
    await scene.decided("unanswered", NINA)
    await scene.decided("skipped", TOMAS, says="is away until")
    await scene.alert(VERA, because="manager")
    await scene.end(signals=1)


async def many_at_once(scene: Scene) -> None:
    crowd = Crowd(scene, JONAS, list(many_buyers()))
    await crowd.buys("Solar roof, 6 kWp", "Jonas Keller sells solar roofs to thirty households.")
    await crowd.waits("The ship is stuck in a port on strike: all thirty deliveries are late.")
    await crowd.few_are_notified()
    await scene.time_passes("A minute passes.", minutes=1, seconds=1)
    await crowd.others_are_listed()


async def promised_and_kept(scene: Scene) -> None:
    training = Promise(id="training", what="An evening of training for the kitchen", due_at=scene.ago(days=-1))
    removal = Promise(
        id="removal", what="Removal of the old oven", due_at=scene.ago(days=-1), owed_by=Side.CUSTOMER, who="Elif"
    )
    await scene.sale(
        MAREK,
        "Combi oven",
        689_000,
        on=scene.ago(),
        line="Marek Nowak sells Elif Yılmaz an oven, and promises a training session by tomorrow. She is to have the "
        "old oven removed.",
        promises=(training, removal),
    )
    await scene.duties(MAREK, training.what, removal.what)
    await scene.promise_kept("removal", "He reminds her, and the old oven is gone.")
    await scene.promise_kept("training", "The training evening took place.")
    await scene.duties(MAREK)
    await scene.no_alert()


STORIES = (
    Story("No one answers", "Three calls go unanswered. The fourth is a dead end.", PETRA, nobody_answers),
    Story(
        "From a dead end to a refund",
        "Two signals on one sale make one episode. It ends as a loss, with three reasons that are never merged.",
        OWEN,
        dead_end_then_refund,
    ),
    Story("Trouble before the sale", "The failure is reported before the order is.", LUCIA, failure_before_sale),
    Story(
        "The seller who left", "Anna made the sale. Her successor is notified, with the reason.", TARIQ, seller_who_left
    ),
    Story("The same event, three times", "Delivered three times, counted once.", NAOMI, one_event_three_times),
    Story(
        "Before there is trouble",
        "Promises of both sides are follow-ups with a date, until there is proof that they were kept.",
        ELIF,
        promised_and_kept,
    ),
    Story(
        "More than the seller may offer",
        "An offer above the seller's limit needs the approval of a manager.",
        MIRA,
        offer_above_the_limit,
    ),
    Story(
        "A save that does not hold",
        "A refund paid after the close disproves a save, and the seller is notified again.",
        SAMIR,
        save_that_does_not_hold,
    ),
)
LATER_STORIES = (
    Story("A save that holds", "A save is proven if nothing disproves it within 30 days.", AOIFE, save_that_holds),
    Story(
        "No one responds",
        "An alert without a response goes up the escalation path. People who are away are skipped, with the reason.",
        CARLA,
        nobody_takes_it,
    ),
    Story(
        "Acknowledged, but no follow-through",
        "The acknowledger has to reach the customer in time. Otherwise the next person is notified.",
        HENRIK,
        taken_and_not_redeemed,
    ),
    Story(
        "A win-back that waits",
        "A lost customer is called months later, but not while others are still lost for the same reason.",
        HANA,
        win_back_that_waits,
    ),
    Story(
        "Thirty at once",
        "A mass failure becomes one ranked list: not thirty e-mails, and not silence.",
        next(many_buyers()),
        many_at_once,
    ),
)
"""The stories that move time: for all accounts, so earlier stories continue as well."""


async def play(stage: Stage, *, stories: tuple[Story, ...] = STORIES + LATER_STORIES) -> list[Played]:
    """Play the stories one after the other. A story that goes wrong is reported, and the next begins."""
    for seller in AT_WORK:
        await stage.publish(seller.introduced(), source="directory", subject=seller.id)
    today = stage.clock.now().date()
    holiday = Away(since=today - timedelta(days=2), until=today + timedelta(days=45))
    await stage.publish(TOMAS.introduced(away=(holiday,)), source="directory", subject=TOMAS.id)
    return [await _play(stage, story, number) for number, story in enumerate(stories, start=1)]


async def _play(stage: Stage, story: Story, number: int) -> Played:
    stage.narrator.story(story.title, story.lead)
    scene = Scene(stage, story.buyer, number)
    failure: NotAsExpected | None = None
    try:
        await story.play(scene)
    except NotAsExpected as differing:
        failure = differing
    except PublishError as error:
        failure = NotAsExpected("Kafka to accept the event", str(error))
    except DATABASE_ERRORS as error:
        failure = NotAsExpected("the databases to answer", type(error).__name__)
    if failure:
        stage.narrator.not_as_expected(failure)
    event = scene.failure_event
    return Played(Ended(story.title, scene.alerts, failure, scene.note), scene.order, event.id if event else None)


def _latest_first_of_july(now: datetime) -> date:
    """The last one that is past in every time zone."""
    yesterday = (now - timedelta(days=1)).date()
    this_year = date(yesterday.year, 7, 1)
    return this_year if this_year <= yesterday else date(yesterday.year - 1, 7, 1)
