"""The README names the files to read to follow one refund request: the test plays one and compares
the list with its path.
"""

import re
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from services.escalation.domain.draft import Draft
from tests.simulation.troubled import Troubled

ROOT = Path(__file__).parents[2]
PARAGRAPH = "To follow one refund request"
MOST = 5


class Traced(Troubled):
    """A refund request, with the files it passes through and those that record a decision."""

    def ask_back(self, amount_minor: int, words: str) -> None:
        entered, deciding = set[str](), set[str]()
        decide = Draft.decide

        def entering(frame: FrameType, event: str, _argument: object) -> None:
            if event == "call":
                entered.add(frame.f_code.co_filename)

        def deciding_in(draft: Draft[Any], decision: Any) -> None:
            deciding.add(sys._getframe(1).f_code.co_filename)
            decide(draft, decision)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Draft, "decide", deciding_in)
            sys.setprofile(entering)
            try:
                super().ask_back(amount_minor, words)
            finally:
                sys.setprofile(None)
        self.entered, self.deciding = _of_ours(entered), _of_ours(deciding) - {"services/escalation/domain/draft.py"}


def _of_ours(files: set[str]) -> set[str]:
    return {str(Path(one).relative_to(ROOT)) for one in files if Path(one).is_relative_to(ROOT / "services")}


def _named() -> set[str]:
    text = (ROOT / "README.md").read_text("utf-8")
    sentence = text[text.index(PARAGRAPH) :].partition("A test traces one")[0]
    return set(re.findall(r"\]\(([\w/.]+)\)", sentence))


def test_the_readme_names_the_files_that_decide_a_refund_request() -> None:
    traced = Traced()
    assert traced.deciding
    assert len(traced.deciding) <= MOST
    assert traced.deciding <= _named()
    assert _named() <= traced.entered
