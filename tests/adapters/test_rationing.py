"""One address can request a limited number of sign-in links within a while, and costs other addresses none."""

from services.escalation.inbox import rationing
from services.escalation.inbox.rationing import Ration, network_of


def test_an_address_gets_a_limited_number_and_another_once_the_first_is_old() -> None:
    ration = Ration(most=2, window_seconds=60)
    assert [ration.take("192.0.2.1", at) for at in (0.0, 10.0, 20.0, 30.0)] == [None, None, 40.0, 30.0]
    assert ration.take("192.0.2.2", 30.0) is None
    assert ration.take("192.0.2.1", 60.0) is None
    assert ration.take("192.0.2.1", 61.0) == 9.0


def test_a_network_of_ipv6_counts_as_one_address() -> None:
    assert network_of("2001:db8:1:2::1") == network_of("2001:db8:1:2:ffff::9")
    assert network_of("2001:db8:1:3::1") != network_of("2001:db8:1:2::1")
    assert network_of("testclient") == "testclient"


def test_only_the_latest_addresses_are_remembered() -> None:
    ration = Ration(most=1, window_seconds=60)
    for number in range(rationing._ADDRESSES + 1):
        ration.take(f"address-{number}", 0.0)
    assert len(ration._taken) == rationing._ADDRESSES
    assert ration.take(f"address-{rationing._ADDRESSES}", 1.0) == 59.0
    assert ration.take("address-0", 1.0) is None
