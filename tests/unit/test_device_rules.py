"""Devices: how a browser is named, why it ended, and what proves a press."""

from uuid import UUID

import pytest

from services.escalation.domain.devices import WHY_ENDED, DeviceEnd, label_of
from services.escalation.domain.presses import is_proven, press_token

KEY, ALERT, UNTIL = bytes(range(32)), UUID(int=1), 1_700_000_000_000


@pytest.mark.parametrize(
    ("user_agent", "label"),
    [
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) Version/18.6 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.6 Safari/605.1.15", "Safari on Mac"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("curl/8.5", "A browser"),
        ("", "A browser"),
    ],
)
def test_a_browser_has_the_name_that_its_owner_knows(user_agent: str, label: str) -> None:
    assert label_of(user_agent) == label


def test_each_end_of_a_device_has_its_words() -> None:
    assert set(WHY_ENDED) == set(DeviceEnd)


def test_a_press_is_proven_for_one_device_one_alert_and_one_time() -> None:
    token = press_token(KEY, ALERT, UNTIL)
    assert is_proven(token, KEY, ALERT, UNTIL)
    assert not is_proven(token, bytes(32), ALERT, UNTIL)
    assert not is_proven(token, KEY, UUID(int=2), UNTIL)
    assert not is_proven(token, KEY, ALERT, UNTIL + 1)
    assert not is_proven("é", KEY, ALERT, UNTIL)
