"""Names of hosts: under which of them a server that only this machine reaches is asked for."""

import ipaddress
import re
import socket
from collections.abc import Iterable

LOOPBACK = frozenset({"localhost", "ip6-localhost", "ip6-loopback"})
"""Names that systems give to themselves, and that no name server answers for."""

_AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::\d{0,5})?")


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches a server that listens on a host: an address or a name.

    A host that can't be looked up counts as one: nothing can listen there.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        return True
    # As when the port is bound, the first address counts.
    address = ipaddress.ip_address(str(found[0][4][0]))
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def is_own(authority: str, names: Iterable[str]) -> bool:
    """Return whether a `Host` can only mean a server on loopback, whoever it was that looked it up.

    So are the names of this machine for itself, addresses, which nobody looks up, and the names given; any
    port is as good as another.

    Args:
        authority: The header's value.
        names: Further names, in lower case.
    """
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        return False
    name = (match["v6"] or match["name"]).lower().removesuffix(".")
    if match["v6"] is None and (name in LOOPBACK or name.endswith(".localhost") or name in names):
        return True
    try:
        version = ipaddress.ip_address(name).version
    except ValueError:
        return False
    return (version == 6) is (match["v6"] is not None)
