"""Importers of published file formats: `command.py` is the command, the others turn rows into events."""
