"""The inbox of one salesperson or manager in a story: each verb presses a button there, with the form of its page."""

import asyncio
from dataclasses import dataclass

from services.cli.demo.browsing import press, sign_in_link
from services.cli.demo.cast import Seller
from services.cli.demo.scene import Scene


@dataclass(frozen=True, slots=True)
class Inbox:
    """A person who acts on the episode of the scene's last alert. `line` says in the story what they do."""

    scene: Scene
    of: Seller

    async def acknowledge(self, line: str) -> None:
        """They acknowledge it."""
        await self._press("acknowledge", line)
        await self.scene.decided("acknowledged", self.of)

    async def reached(self, line: str) -> None:
        """They have spoken to the customer."""
        await self._press("reached", line)
        await self.scene.decided("reached", self.of)

    async def offer(self, amount: str, what: str, line: str) -> None:
        """They made the customer an offer within their own limit. The amount is in euros."""
        await self._press("offer", line, amount=amount, what=what)
        await self.scene.decided("offer_made", self.of)

    async def ask_approval(self, amount: str, what: str, line: str) -> None:
        """They ask for the approval of an offer above their limit. The amount is in euros."""
        await self._press("ask-approval", line, amount=amount, what=what)

    async def approve(self, line: str) -> None:
        """They approve the offer that they are asked about."""
        await self._press("approve", line)

    async def close(self, ending: str, line: str, **answers: str) -> None:
        """They close it with a result and its reason, such as "saved:concession", and may answer the questions."""
        await self._press("close", line, ending=ending, **answers)
        await self.scene.decided("closed", self.of)

    async def _press(self, button: str, line: str, **entered: str) -> None:
        stage = self.scene.stage
        await stage.narrator.event("now", "inbox", line)
        episode = str((await stage.observer.state(self.scene.account)).alerts[-1].episode_id)
        link = await sign_in_link(stage.addresses, self.of)
        self.scene.starts()
        await asyncio.to_thread(press, link, episode, button, **entered)
