"""Runs a module under a sampling profiler: `python -m tests.benchmarks.sampled REPORT MODULE ARGUMENT...`.

Each millisecond of processor time it records the stack, so unlike a tracing profiler it slows nothing down. The report
has shares of the samples in percent: of each function by itself, and with everything it called.
"""

import atexit
import json
import runpy
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

_EVERY_SECONDS = 0.001
_PROJECT = str(Path(__file__).parents[2])


class Samples:
    """How often each function was running, and was on the stack."""

    def __init__(self, report: Path) -> None:
        self._report = report
        self._count = 0
        self._alone: Counter[str] = Counter()
        self._whole: Counter[str] = Counter()

    def start(self) -> None:
        signal.signal(signal.SIGPROF, self._note)
        signal.setitimer(signal.ITIMER_PROF, _EVERY_SECONDS, _EVERY_SECONDS)
        atexit.register(self.write)

    def write(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        shares = {
            "samples": self._count,
            "alone": self._shares(self._alone),
            "whole": self._shares(self._whole),
        }
        self._report.write_text(json.dumps(shares, indent=1), "utf-8")

    def _note(self, _number: int, frame: FrameType | None) -> None:
        self._count += 1
        on_stack = set[str]()
        leaf = True
        while frame is not None:
            code = frame.f_code
            name = f"{code.co_filename.removeprefix(_PROJECT).rpartition('site-packages/')[2]}:{code.co_qualname}"
            if leaf:
                self._alone[name] += 1
                leaf = False
            on_stack.add(name)
            frame = frame.f_back
        self._whole.update(on_stack)

    def _shares(self, counted: Counter[str]) -> dict[str, float]:
        return {name: round(100 * count / max(1, self._count), 1) for name, count in counted.most_common(80)}


if __name__ == "__main__":
    _, report, module, *arguments = sys.argv
    sys.argv = [module, *arguments]
    Samples(Path(report)).start()
    runpy.run_module(module, run_name="__main__", alter_sys=True)
