"""`handoff backtest`: what another policy would have done. Start at `command.py`."""
