"""Messages go only to push services of browser vendors and of operators; other addresses are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.escalation.channels.web_push.services import DEFAULT_SERVICES, NotAPushService, PushServices

DEFAULTS = PushServices.read(DEFAULT_SERVICES)
LISTED = PushServices.read("push.company.com https://127.0.0.1:2526 https://[::1]:8443 https://push.internal")


@pytest.mark.parametrize(
    "address",
    [
        "https://fcm.googleapis.com/fcm/send/dQw4:APA91b_x-y",
        "https://jmt17.google.com/fcm/send/dQw4",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAA~",
        "https://wns2-par02p.notify.windows.com/w/?token=BQYAAA%3d%3d",
        "https://web.push.apple.com/QGuQyavXutnMH",
        "HTTPS://FCM.GoogleApis.com:443/fcm/send/x",
    ],
)
def test_the_services_of_browsers_are_allowed(address: str) -> None:
    endpoint = DEFAULTS.check(address)
    assert endpoint.port == 443
    assert endpoint.origin == f"https://{endpoint.host}"
    assert endpoint.target == address[address.index("/", 8) :]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://",
        "https://fcm.googleapis.com",
        "http://fcm.googleapis.com/x",
        "//fcm.googleapis.com/x",
        "https:/fcm.googleapis.com/x",
        "http\u017f://fcm.googleapis.com/x",
        "https://fcm.googleapis.com./x",
        "https://fcm.googleapis.com:8443/x",
        "https://fcm.googleapis.com:0/x",
        "https://fcm.googleapis.com:99999/x",
        "https://fcm.googleapis.com:/x",
        "https://user@fcm.googleapis.com/x",
        "https://user:word@fcm.googleapis.com/x",
        "https://fcm.googleapis.com@company.com/x",
        "https://fcm.googleapis.com\\@company.com/x",
        "https://fcm.googleapis.com/x#part",
        "https://fcm.googleapis.com/x\\y",
        "https://fcm.googleapis.com/a b",
        "https://fcm.googleapis.com/x\r\nHost: company.com",
        "https://fcm.googleapis.com/x\n",
        " https://fcm.googleapis.com/x",
        "https://fcm.googleapis.com/ä",
        "https://fcm.googleapis。com/x",
        "https://fcm%2egoogleapis.com/x",
        "https://push.apple.com/x",
        "https://notpush.apple.com/x",
        "https://web.push.apple.com.company.com/x",
        "https://127.0.0.1/x",
        "https://2130706433/x",
        "https://0x7f.1/x",
        "https://[::1]/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://localhost/x",
        "https://169.254.169.254/latest/meta-data",
        f"https://fcm.googleapis.com/{'x' * 1_000}",
    ],
)
def test_any_other_address_is_refused_without_being_repeated(address: str) -> None:
    with pytest.raises(NotAPushService) as refused:
        DEFAULTS.check(address)
    assert not address[8:] or address[8:] not in str(refused.value)


@given(st.text(max_size=60), st.text(max_size=20))
def test_a_checked_address_leads_to_an_allowed_host(before: str, after: str) -> None:
    for text in (f"https://{before}/{after}", f"https://{before}fcm.googleapis.com{after}", before):
        try:
            endpoint = DEFAULTS.check(text)
        except NotAPushService:
            continue
        assert endpoint.port == 443
        assert endpoint.host in DEFAULTS.hosts or endpoint.host.endswith(DEFAULTS.domains)


@pytest.mark.parametrize(
    ("address", "origin", "is_listed"),
    [
        ("https://127.0.0.1:2526/push/1", "https://127.0.0.1:2526", True),
        ("https://[::1]:8443/push/1", "https://[::1]:8443", True),
        ("https://push.internal/1", "https://push.internal", True),
        ("https://push.company.com/1", "https://push.company.com", False),
    ],
)
def test_an_origin_that_operators_list_may_be_private(address: str, origin: str, is_listed: bool) -> None:
    endpoint = LISTED.check(address)
    assert endpoint.origin == origin
    assert LISTED.is_listed(endpoint.host, endpoint.port) is is_listed


@pytest.mark.parametrize("address", ["https://127.0.0.1/x", "https://127.0.0.1:2527/x", "https://[::1]:2526/x"])
def test_a_listed_origin_opens_no_other_port(address: str) -> None:
    with pytest.raises(NotAPushService):
        LISTED.check(address)


@pytest.mark.parametrize(
    "text",
    ["", "  ", "*", "*.com", "push", "http://push.company.com", "https://", "https://a.com/path", "a.company.com:8443",
     "PUSH.company.com", "*.*.company.com", "https://a.com:99999", "https://user@a.com", "10.0.0.5", "*.0.0.1"],
)  # fmt: skip
def test_a_list_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="PUSH_SERVICES"):
        PushServices.read(text)


def test_the_recipient_is_never_printed() -> None:
    assert "dQw4" not in repr(DEFAULTS.check("https://fcm.googleapis.com/fcm/send/dQw4"))
