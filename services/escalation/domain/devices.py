"""Devices: browsers in which a person receives notifications. Why each ended, and how pages name them."""

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from shared.contracts.fact import About, Fact

MOST_DEVICES = 10
"""The number of devices on which one person receives notifications; with another one, the oldest ends."""
ENDED_SHOWN_FOR = timedelta(days=30)
"""How long an ended device is kept, for its reason."""
_LONGEST_LABEL = 60


class DeviceEnd(StrEnum):
    """Why a device receives no notifications any more."""

    SIGNED_OUT = "signed_out"
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    SIGN_INS_ENDED = "sign_ins_ended"
    GONE = "gone"
    OTHER_KEY = "other_key"
    REMOVED = "removed"
    REPLACED = "replaced"
    TOO_MANY = "too_many"
    OTHER_PERSON = "other_person"


WHY_ENDED: Mapping[DeviceEnd, str] = {
    DeviceEnd.SIGNED_OUT: "you signed out on it",
    DeviceEnd.SIGNED_OUT_EVERYWHERE: "you signed out everywhere",
    DeviceEnd.SIGN_INS_ENDED: "your e-mail address changed or you left, which ended all sign-ins",
    DeviceEnd.GONE: "its browser no longer receives notifications",
    DeviceEnd.OTHER_KEY: "this installation has a new key for notifications",
    DeviceEnd.REMOVED: "you removed it",
    DeviceEnd.REPLACED: "its browser subscribed again",
    DeviceEnd.TOO_MANY: f"notifications go to your latest {MOST_DEVICES} devices",
    DeviceEnd.OTHER_PERSON: "a colleague turned on notifications in the same browser",
}


class LastDeviceGone(Fact):
    """The push services do not know the last devices of a person any more, and the person has removed none of them."""

    type: ClassVar[str] = "escalation.delivery.last_device_gone"
    topic: ClassVar[str] = ""
    about: ClassVar[About] = "salesperson"


# The first that fits: many browsers also name those that they are built on.
_BROWSERS = (
    ("Edge", re.compile(r"\bEdg(?:e|A|iOS)?/")),
    ("Opera", re.compile(r"\b(?:OPR|OPT|Opera)/")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/")),
    ("Chrome", re.compile(r"\b(?:Chrome|HeadlessChrome|Chromium|CriOS)/")),
    ("Safari", re.compile(r"\bSafari/")),
)
_SYSTEMS = (
    ("Android", re.compile(r"\bAndroid\b")),
    ("iPhone", re.compile(r"\biPhone\b")),
    ("iPad", re.compile(r"\biPad\b")),
    ("Windows", re.compile(r"\bWindows\b")),
    ("ChromeOS", re.compile(r"\bCrOS\b")),
    ("Mac", re.compile(r"\bMac(?:intosh| OS X)\b")),
    ("Linux", re.compile(r"\bLinux\b")),
)


def label_of(user_agent: str) -> str:
    """A browser as its owner knows it, such as "Chrome on Android", by its User-Agent (RFC 9110, section 10.1.5)."""
    browser = next((name for name, pattern in _BROWSERS if pattern.search(user_agent)), "A browser")
    system = next((name for name, pattern in _SYSTEMS if pattern.search(user_agent)), None)
    return (f"{browser} on {system}" if system else browser)[:_LONGEST_LABEL]
