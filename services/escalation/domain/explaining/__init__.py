"""Explains an episode afterwards: `steps` is its history, `outlook` its next steps."""
