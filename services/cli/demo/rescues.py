"""Stories of what follows an alert: a loss, a win-back, an offer that needs approval, saves, and no call in time."""

from services.cli.demo.buttons import Inbox
from services.cli.demo.cast import INES, JONAS, MAREK, NINA, PAVEL, SOFIA, VERA, Seller, cafes
from services.cli.demo.printed import explained, why_lost
from services.cli.demo.scene import Scene
from services.cli.demo.storm import Crowd
from shared.contracts.support_inbound import ContactResult


async def dead_end_then_refund(scene: Scene) -> None:
    sold_on = scene.ago(weeks=3)
    await scene.sale(
        SOFIA, "Espresso machine", 189_900, on=sold_on, line="Sofia Rossi sells Owen Hughes an espresso machine."
    )
    await scene.call(
        ContactResult.DEAD_END,
        "Support tells Owen that it cannot help, and hangs up.",
        minutes_ago=9,
        words="It leaks, and they told me to buy a new one.",
    )
    await scene.alert(SOFIA)
    await scene.refund_request(
        189_900,
        "Owen has had enough. He gives the service as his reason.",
        words="Then I want my money back. All of it, this week.",
        reason_code="customer_service",
    )
    await scene.alert(SOFIA)
    await Inbox(scene, SOFIA).close(
        "lost:price",
        "Sofia closes it as lost, with her own reason: too expensive.",
        could_have="Send somebody to repair it on the first day.",
        may_call_again="yes",
    )
    await why_lost(scene)
    await scene.end(signals=2)


async def offer_above_the_limit(scene: Scene) -> None:
    sold_on, marek = scene.ago(weeks=2), Inbox(scene, MAREK)
    await scene.sale(
        MAREK, "Fitted kitchen", 690_000, on=sold_on, line="Marek Nowak sells Mira Kovač a fitted kitchen."
    )
    await scene.refund_request(
        690_000, "Mira asks for her money back.", words="The worktop is scratched from one end to the other."
    )
    await scene.alert(MAREK)
    await marek.acknowledge("Marek acknowledges it.")
    await marek.reached("He calls Mira and reaches her.")
    await marek.offer("300", "A credit for the scratches", "He offers her €300, and she wants more.")
    await marek.ask_approval(
        "600", "A new worktop", "He asks for another €600. Both offers together are above his limit."
    )
    await scene.alert(INES, because="approval")
    await Inbox(scene, INES).approve("Ines Moreau, his manager, approves it on her own page.")
    await scene.alert(MAREK, because="approval_answered", says=f"{INES.name} approved your offer of €600")
    await marek.close("saved:concession", "Mira accepts, and Marek closes it as saved.")
    await scene.end(signals=1)


async def save_that_does_not_hold(scene: Scene) -> None:
    await _saved(scene, JONAS, "Air conditioner", 229_000, "Jonas Keller sells Samir Haddad an air conditioner.")
    await scene.refund_paid(229_000, "Accounting pays the refund all the same: Samir had asked there as well.")
    await scene.decided("save_relapsed", JONAS, says="refund paid")
    await scene.alert(JONAS)
    await scene.end(signals=2, episodes=2)


async def save_that_holds(scene: Scene) -> None:
    await _saved(scene, MAREK, "Garden sauna", 590_000, "Marek Nowak sells Aoife Byrne a garden sauna.")
    await scene.time_passes("Thirty days pass, without a refund or new trouble.", days=30, minutes=1)
    await scene.decided("save_proven", MAREK)
    await scene.end(signals=1)


async def _saved(scene: Scene, seller: Seller, product: str, amount_minor: int, line: str) -> None:
    """A sale, a refund request, and a seller who solves the problem."""
    buyer, inbox = scene.buyer.name.split()[0], Inbox(scene, seller)
    await scene.sale(seller, product, amount_minor, on=scene.ago(weeks=3), line=line)
    await scene.refund_request(
        amount_minor, f"{buyer} asks for the money back.", words="It has never worked as you said it would."
    )
    await scene.alert(seller)
    name = seller.name.split()[0]
    await inbox.acknowledge(f"{name} acknowledges it.")
    await inbox.reached(f"{name} calls {buyer} and finds the fault: a wrong setting.")
    await inbox.close("saved:problem_solved", f"{buyer} wants to keep it, and {name} closes it as saved.")
    await scene.decided("save_provisional", seller)


async def taken_and_not_redeemed(scene: Scene) -> None:
    sold_on = scene.ago(weeks=5)
    await scene.sale(
        PAVEL, "Battery storage, 12 kWh", 1_190_000, on=sold_on, line="Pavel Dvořák sells Henrik Olsen a battery."
    )
    await scene.refund_request(
        1_190_000, "Henrik wants his money back.", words="It has been off the grid for a week. Take it away."
    )
    await scene.alert(PAVEL)
    await Inbox(scene, PAVEL).acknowledge("Pavel acknowledges it: now he has to reach Henrik in time.")
    await scene.voicemail(PAVEL, "He calls and leaves a message, but a voicemail doesn't count.")
    await scene.decided("attempt", PAVEL, says="did not reach the customer")
    await scene.time_passes("Two hours pass, and no one has reached Henrik.", hours=2, minutes=1)
    await scene.decided("expired", PAVEL)
    await scene.alert(VERA, because="manager")
    await scene.end(signals=1)
    await explained(scene)


async def win_back_that_waits(scene: Scene) -> None:
    await scene.sale(
        NINA,
        "Coffee machine",
        640_000,
        on=scene.ago(weeks=4),
        segment="cafés",
        line="Nina Holm sells Hana Sato a coffee machine for her café.",
    )
    await scene.refund_request(640_000, "Hana asks for her money back.", words="Nine days, and no technician came.")
    await scene.alert(NINA)
    await Inbox(scene, NINA).close(
        "lost:service", "Nina closes it as lost: our service let Hana down.", may_call_again="yes"
    )
    await scene.decided("win_back_planned", says="A call to win the customer back is due")
    await scene.time_passes("Almost eighteen weeks pass.", weeks=18, hours=-1)
    others = Crowd(scene, NINA, list(cafes()), segment="cafés")
    await others.buys("Coffee machine", "Nina has sold coffee machines to ten other cafés.")
    await others.want_their_money_back("All ten ask for their money back.")
    await others.lost(0, "service", "One is lost, and again our service let them down.")
    await others.lost(1, "service", "So is a second one.")
    await scene.time_passes("Two hours later Nina could call Hana.", hours=2)
    await scene.decided("win_back_waits", says="2 losses for the same reason on 10 requests")
    await scene.duties(NINA, "A call now would be too early; this list will say when.")
    await scene.end(signals=1)
