"""What histories leave, so that a change of the code shows whether it changes behaviour. Start with `rows.py`.

`python -m tests.simulation.golden` plays the histories of which `blocks.txt` holds the digests, and names what differs.
"""
