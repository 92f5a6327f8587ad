"""`handoff status`: whether everything works, on one screen. `command` is the command, `judging` finds the faults."""
