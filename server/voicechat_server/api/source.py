"""Where connections come from, at a granularity at which a client can be recognised."""

from ipaddress import IPv6Address, ip_address

from starlette.requests import HTTPConnection

_NETWORK = 64
"""The bits of an IPv6 address that a client can't choose, being assigned a whole network."""


def source_of(connection: HTTPConnection) -> str:
    """Return the source of a connection: an IPv4 address, the network of an IPv6 one, or nothing if unknown.

    Behind a trusted proxy it is the address that the proxy reports.
    """
    return "" if connection.client is None else source_of_host(connection.client.host)


def source_of_host(host: str) -> str:
    """Return the source of an address; anything else, such as a name reported by a proxy, is its own."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{IPv6Address(int(address) >> (128 - _NETWORK) << (128 - _NETWORK))}/{_NETWORK}"
