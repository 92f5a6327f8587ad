"""Judge the run in a folder: print the verdict as JSON and a line for each promise. Exit status: 0 pass, 1 violated, 2
cannot judge.
"""

import asyncio
import json
import sys
from pathlib import Path

from tests.faults.checker.evidence import CannotJudge
from tests.faults.checker.promises import judge, report, verdict
from tests.faults.checker.reading import read_run

EXIT = {"pass": 0, "violated": 1, "cannot judge": 2}


def main(folder: Path) -> int:
    try:
        run = asyncio.run(read_run(folder))
    except CannotJudge as reason:
        print(json.dumps({"verdict": "cannot judge", "reason": str(reason)}))
        return EXIT["cannot judge"]
    findings = judge(run)
    for finding in findings:
        print(finding, file=sys.stderr)
    print(json.dumps(report(run, findings), indent=2, default=str))
    return EXIT[verdict(findings)]


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
