"""Where a request comes from: the proxies that are believed, and what is this machine."""

import ipaddress
from collections.abc import Iterable

from flask import Request

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Proxies:
    """The proxies of the settings: whose ``X-Forwarded-For``, ``X-Forwarded-Proto`` and login header are believed."""

    def __init__(self, trusted: Iterable[str]) -> None:
        self._networks: list[Network] = [ipaddress.ip_network(one) for one in trusted]

    def sent(self, request: Request) -> bool:
        """Whether the request comes from one of them."""
        return self._trusts(request.remote_addr or "")

    def client(self, request: Request) -> str:
        """The address that asked: of what the proxies say, the last one that is none of them."""
        hops = [hop.strip() for hop in ",".join(request.headers.getlist("X-Forwarded-For")).split(",")]
        chain = [*filter(None, hops), request.remote_addr or ""]
        while len(chain) > 1 and self._trusts(chain[-1]):
            chain.pop()
        return chain[-1]

    def is_encrypted(self, request: Request) -> bool:
        """Whether the browser speaks TLS, with us or with a proxy that is believed."""
        return request.is_secure or (self.sent(request) and request.headers.get("X-Forwarded-Proto") == "https")

    def _trusts(self, address: str) -> bool:
        found = _parsed(address)
        return found is not None and any(found in network for network in self._networks)


def is_loopback(host: str) -> bool:
    """Whether a host, as it is written in an address or a header, is this machine.

    >>> is_loopback("localhost"), is_loopback("127.0.0.1"), is_loopback("[::1]"), is_loopback("labels.example")
    (True, True, True, False)
    """
    found = _parsed(host.strip("[]"))
    return host.lower() == "localhost" or (found is not None and found.is_loopback)


def neighbourhood(address: str) -> str:
    """What is limited as one address: of IPv6 the /64, since everybody has so many.

    >>> neighbourhood("2001:db8::1") == neighbourhood("2001:db8::2"), neighbourhood("192.0.2.7")
    (True, '192.0.2.7')
    """
    found = _parsed(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return address if found is None else str(found)


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
