"""Writes pinned.json with the names of today, and prints the changes.

Refuses if a pinned name is gone, unless `--contracted` states that no installation has it any more.
"""

import sys

from tests.contracts.pins.comparing import FILE, GROUPS, added, broken, complaint, pinned, written


def main() -> None:
    """Compare, print and write. Exits with an error if a name is gone that must stay."""
    before, now = pinned(), {group.title: group.read() for group in GROUPS}
    refused = []
    for group in GROUPS:
        old, new = before.get(group.title, {}), now[group.title]
        gone = list(broken(old, new))
        print("".join(f"{group.title}: {change}\n" for change in (*gone, *added(old, new))), end="")
        refused += [complaint(group, gone)] if gone else []
    if refused and "--contracted" not in sys.argv[1:]:
        sys.exit("\n\n".join(["Nothing is written.", *refused]))
    FILE.write_text(written(now), "utf-8")


if __name__ == "__main__":
    main()
