"""The one error of this package: something could not start, said so that a person can act on it."""


class StartError(RuntimeError):
    """What went wrong, where, and what to do about it, in lines fit for a terminal."""
