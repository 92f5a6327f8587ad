"""The judge of a run with faults: reads raw topics, tables and files, and knows nothing of the services' code.

`python -m tests.faults.checker FOLDER`; start at `promises.CHECKS`.
"""
