"""What commands print about the order of a story."""

from rich.text import Text

from services.cli import explain, losses
from services.cli.demo.scene import Scene


async def explained(scene: Scene) -> None:
    """Print what `handoff explain` says of the episode."""
    found = await explain.read_explained(_database(scene), scene.order, is_order=True)
    await scene.stage.narrator.event("", "you", f"handoff explain --order {scene.order}")
    scene.stage.narrator.page(explain.shown(found))


async def why_lost(scene: Scene) -> None:
    """Print what `handoff losses` says of the order's losses."""
    found, _ = await losses.read_order(_database(scene), scene.order)
    await scene.stage.narrator.event("", "you", f"handoff losses --order {scene.order}")
    scene.stage.narrator.page(Text("\n".join(line for one in found for line in losses.lines_of(one))))


def _database(scene: Scene) -> str:
    return scene.stage.addresses["ESCALATION_DATABASE_URL"]
