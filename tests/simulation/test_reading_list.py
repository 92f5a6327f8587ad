"""The README names places to read to follow one refund request: one is played, and its way compared with the list."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from services.escalation.domain.deciding.alerts import raise_alert
from services.escalation.domain.deciding.episodes import join
from services.escalation.domain.draft import Draft
from tests.simulation.troubled import Troubled

ROOT = Path(__file__).parents[2]
PARAGRAPH = "To follow one refund request"
MOST = 5


class Traced(Troubled):
    """A refund request, with the functions that it calls, by file and name: all, those that decide, and those on the
    way from `join` to `raise_alert`."""

    def ask_back(self, amount_minor: int, words: str) -> None:
        called, deciding, way = set[CodeType](), set[CodeType](), list[CodeType]()
        decide = Draft.decide

        def calling(frame: FrameType, event: str, _argument: object) -> None:
            if event == "call":
                called.add(frame.f_code)
                if frame.f_code is raise_alert.__code__:
                    way.extend(_callers(frame))

        def deciding_in(draft: Draft[Any], decision: Any) -> None:
            deciding.add(sys._getframe(1).f_code)
            decide(draft, decision)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Draft, "decide", deciding_in)
            sys.setprofile(calling)
            try:
                super().ask_back(amount_minor, words)
            finally:
                sys.setprofile(None)
        self.called, self.way = _of_ours(called), _of_ours(way)
        self.deciding = {file for file, _ in _of_ours(deciding)} - {"services/escalation/domain/draft.py"}


def _callers(frame: FrameType) -> Iterator[CodeType]:
    """The functions on the stack, from this one back to `join`."""
    at: FrameType | None = frame
    while at is not None:
        yield at.f_code
        if at.f_code is join.__code__:
            return
        at = at.f_back


def _of_ours(codes: set[CodeType] | list[CodeType]) -> set[tuple[str, str]]:
    paths = ((Path(code.co_filename), code.co_name) for code in codes)
    return {(str(path.relative_to(ROOT)), name) for path, name in paths if path.is_relative_to(ROOT / "services")}


def _named() -> set[tuple[str, str]]:
    """The places of the list: a file, and each of its functions that is named behind it."""
    text = (ROOT / "README.md").read_text("utf-8")
    sentence = text[text.index(PARAGRAPH) :].partition("A test traces")[0]
    places = re.findall(r"\]\(([\w/.]+)\)(?:\s\(([^)]*)\))?", sentence)
    return {(file, name) for file, names in places for name in re.findall(r"`(\w+)`", names) or [""]}


@pytest.fixture(scope="module")
def traced() -> Traced:
    return Traced()


def test_the_readme_names_the_files_that_decide_a_refund_request(traced: Traced) -> None:
    assert traced.deciding
    assert len(traced.deciding) <= MOST
    assert traced.deciding <= {file for file, _ in _named()}


def test_the_readme_names_each_file_on_the_way_from_the_episode_to_the_alert(traced: Traced) -> None:
    way = {file for file, _ in traced.way}
    assert len(way) > 2
    assert way <= {file for file, _ in _named()}


def test_a_refund_request_passes_every_place_that_the_readme_names(traced: Traced) -> None:
    files = {file for file, _ in traced.called}
    assert {file for file, _ in _named()} <= files
    assert {(file, name) for file, name in _named() if name} <= traced.called
