"""How many examples a property tries: in `make unit` a few of those in `make test`."""

from hypothesis import settings

_PERCENT = 100


def examples(number: int) -> settings:
    """For a property that needs more or fewer examples than others: this many, unless the profile has fewer for all."""
    profile = settings.default
    assert profile is not None
    return settings(max_examples=max(1, number * profile.max_examples // _PERCENT))
