"""The judge of a run with faults. It reads raw topics, tables and files, and imports nothing of the services.

`python -m tests.faults.checker FOLDER`; start at `promises.CHECKS`.
"""
