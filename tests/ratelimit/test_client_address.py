"""The client address: that of the connection, not what the client claims."""

import pytest
from django.test import RequestFactory

from ratelimit.client_address import client_address


def address_of(peer, forwarded=None):
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return client_address(RequestFactory(REMOTE_ADDR=peer).get("/", headers=headers))


@pytest.fixture
def proxies(settings):
    def set_number(number):
        settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": number}

    return set_number


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "local"),
    ],
)
def test_the_peer_in_one_spelling(peer, address):
    assert address_of(peer) == address


def test_without_proxies_the_header_is_not_looked_at():
    assert address_of("192.0.2.1", "198.51.100.1") == "192.0.2.1"


@pytest.mark.parametrize(
    ("number", "forwarded", "address"),
    [
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "forged, 198.51.100.1", "198.51.100.1"),
        (2, "10.9.9.9, 198.51.100.1, 192.0.2.7", "198.51.100.1"),
        (1, "198.51.100.1:4711", "198.51.100.1"),
        (1, "[2001:db8::1]:4711", "2001:db8::/64"),
        (1, None, "192.0.2.1"),
        (1, "", "192.0.2.1"),
        (1, "nonsense", "192.0.2.1"),
        (2, "198.51.100.1", "192.0.2.1"),
    ],
)
def test_behind_proxies_the_entry_of_the_outermost_counts(proxies, number, forwarded, address):
    proxies(number)
    assert address_of("192.0.2.1", forwarded) == address
