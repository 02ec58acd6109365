"""Host names: which of them can only mean a server that listens on loopback."""

import ipaddress
import re
import socket
from collections.abc import Iterable

LOOPBACK = frozenset({"localhost", "ip6-localhost", "ip6-loopback"})
"""Names that systems use for themselves, and that no name server resolves."""

_AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::\d{0,5})?")


def is_loopback(host: str) -> bool:
    """Return whether a server on a host (an address or a name) is reachable from this machine only.

    A host that can't be resolved counts as such: nothing can listen there.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError:
        return True
    # The first address counts, as it does when the port is bound.
    address = ipaddress.ip_address(str(found[0][4][0]))
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def is_own(authority: str, names: Iterable[str]) -> bool:
    """Return whether a `Host` header can only mean this server, whoever resolved it.

    That holds for the names a machine uses for itself, for addresses, which nobody resolves, and for the
    names given; with any port.

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
