"""Runs a program that ends when its parent ends, as another user if asked. A script without dependencies."""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main(parent_pid: int, death_signal: int, user: str, program: list[str]) -> None:
    if user:
        user_id, group_id = (int(part) for part in user.split(":"))
        os.setgroups([])
        os.setgid(group_id)
        os.setuid(user_id)
    _tie_to_parent(death_signal)  # after the change of user: that change unties
    if os.getppid() != parent_pid:
        sys.exit("the parent ended before this program began")
    os.execv(program[0], program)


def _tie_to_parent(death_signal: int) -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, death_signal)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
