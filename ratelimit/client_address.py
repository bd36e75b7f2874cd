"""The client's address, by which requests without a user are limited."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Any

from rest_framework.settings import api_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest

LOCAL_SOCKET = "local"  # behind a Unix socket there is no address
IPV6_CLIENT_PREFIX = 64  # one customer has a network of this size, so its addresses count as one client


def client_address(request: HttpRequest) -> str:
    """Return the client's address; of an IPv6 address, its /64 network."""
    return address_in(request.META)


def address_in(meta: Mapping[str, Any]) -> str:
    """Return the address of the client whose request has these variables.

    It is the peer of the connection. With NUM_PROXIES = n it is what the outermost of n trusted
    proxies wrote into X-Forwarded-For: the n-th entry from the right, since everything left of it
    is what the client claims. A header with fewer entries did not come by those proxies, and one
    that holds no address was not written by them: then the peer counts.
    """
    peer = meta.get("REMOTE_ADDR") or ""
    proxies = api_settings.NUM_PROXIES
    if proxies:
        entries = meta.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(entries) >= proxies:
            return _normal(entries[-proxies].strip()) or _normal(peer) or LOCAL_SOCKET
    return _normal(peer) or LOCAL_SOCKET


@lru_cache(maxsize=4096)
def _normal(text: str) -> str | None:
    address = _parse(text)
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ip_network((int(address), IPV6_CLIENT_PREFIX), strict=False))
    return None if address is None else str(address)


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address in a text, with or without a port (192.0.2.1:80, [2001:db8::1]:80)."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return ip_address(text)
    except ValueError:
        return None
