"""Many customers of one seller in trouble at once, and the list that replaces many mails."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from services.cli.demo.buttons import Inbox
from services.cli.demo.cast import Buyer, Seller
from services.cli.demo.observing import NotAsExpected, until
from services.cli.demo.scene import Scene
from services.escalation.domain.policy.document import shipped
from shared.contracts.envelope import Fact
from shared.contracts.order_parts import Line
from shared.contracts.orders_inbound import DeliveryLate, OrderPlaced
from shared.contracts.support_inbound import RefundRequested


class Crowd:
    """Buyers of one seller and segment, each with an account and an order of this run."""

    def __init__(self, scene: Scene, seller: Seller, buyers: Sequence[Buyer], segment: str | None = None) -> None:
        self._scene = scene
        self._seller = seller
        self._buyers = buyers
        self._segment = segment
        self._began = datetime.now(UTC)
        self._alone = shipped().storms.alerts

    @property
    def _accounts(self) -> list[str]:
        return [f"{buyer.id}-{self._scene.stage.run}" for buyer in self._buyers]

    def _order(self, number: int) -> str:
        return f"{self._scene.order}-{number + 1:02}"

    async def buys(self, product: str, line: str) -> None:
        """The shop reports a sale to each buyer, larger ones and smaller ones."""
        sold_at = self._scene.ago(weeks=4)
        sales = [
            self._sale(number, product, 690_000 + 31_700 * (7 * number % 11)) for number in range(len(self._buyers))
        ]
        await self._scene.stage.narrator.event(f"{sold_at.day} {sold_at:%B}", "shop", line)
        await self._publish(sales)

    async def waits(self, line: str) -> None:
        """Their deliveries do not arrive."""
        await self._scene.stage.narrator.event("now", "shop", line)
        await self._publish([DeliveryLate(order=self._order(number)) for number in range(len(self._buyers))])

    async def want_their_money_back(self, line: str) -> None:
        """Each of them requests a refund, and the seller is alerted about each."""
        await self._scene.stage.narrator.event("now", "help desk", line)
        await self._publish([RefundRequested(order=self._order(number)) for number in range(len(self._buyers))])
        everybody = len(self._buyers)
        await until(self._mails, lambda mails: mails.total() == everybody, expected=f"{everybody} alerts")

    async def lost(self, number: int, reason: str, line: str) -> None:
        """The seller closes the episode of this buyer as lost."""
        scene = Scene(self._scene.stage, self._buyers[number], self._scene.number)
        await Inbox(scene, self._seller).close(f"lost:{reason}", line)

    async def few_are_notified(self) -> None:
        """Each customer's trouble raises an alert; a few are mailed at once, and the others are held."""
        expected = Counter({"sent": self._alone, "held": len(self._buyers) - self._alone})
        await until(self._mails, lambda mails: mails == expected, expected=f"{_words(expected)} to {self._seller.id}")
        held = expected["held"]
        alerts = f"{len(self._buyers)} alerts, all in the inbox."
        self._scene.stage.narrator.aside(
            f"{alerts} {self._alone} are e-mailed; {held} are held, as they would be too many to read."
        )

    async def others_are_listed(self) -> None:
        """The others arrive as one message."""
        everybody = Counter({"sent": len(self._buyers)})
        await until(self._mails, lambda mails: mails == everybody, expected=_words(everybody))
        arrived = await self._scene.stage.observer.messages_to(self._seller.email)
        news = [mail for mail in arrived if mail.received_at >= self._began]
        if arrived and len(news) != self._alone + 1:
            raise NotAsExpected(f"{self._alone + 1} messages to {self._seller.id}", str(len(news)))
        if news:
            self._scene.stage.narrator.aside(f"The others arrive as one list: “{news[-1].subject}”")
        self._scene.note = f"{self._seller.name}: {len(self._buyers)} alerts, {self._alone + 1} e-mails"
        self._scene.stage.narrator.as_expected(f"As expected: {len(self._buyers)} alerts, {self._alone + 1} e-mails.")

    def _sale(self, number: int, product: str, amount_minor: int) -> OrderPlaced:
        return OrderPlaced(
            order=self._order(number),
            lines=(Line(product=product, amount_minor=amount_minor),),
            amount_minor=amount_minor,
            currency="EUR",
            sold_by=self._seller.id,
            sold_at=self._scene.ago(weeks=4),
            customer=self._buyers[number].as_customer(self._scene.ago()),
            segment=self._segment,
        )

    async def _publish(self, facts: Sequence[Fact]) -> None:
        stage = self._scene.stage
        by_account = zip(facts, self._accounts, strict=True)
        events = [stage.event(fact, source="shop", subject=account) for fact, account in by_account]
        await stage.publisher.publish(events)
        self._scene.failure_event = events[0]

    async def _mails(self) -> Counter[str]:
        return await self._scene.stage.observer.mails_to(self._seller.id, self._accounts)


def _words(mails: Counter[str]) -> str:
    return "mails " + ", ".join(f"{count} {state}" for state, count in mails.items())
