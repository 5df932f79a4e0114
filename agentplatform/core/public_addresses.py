"""Which addresses belong to the public Internet."""

import ipaddress


def is_global(address: str) -> bool:
    """Whether an address belongs to the public Internet: not private, loopback, link-local,
    multicast or reserved, also when it is wrapped into IPv6."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo or (None, None))[1]
        if inner is None and parsed in _NAT64:
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(inner)
    return _is_public(parsed)


_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_OF_CLOUDS = frozenset({ipaddress.ip_address("168.63.129.16")})
"""Addresses of a cloud's own services, as every machine in it sees them, that look public: Azure
gives keys and settings of a machine there."""


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    is_open = address.is_global and not address.is_multicast and not address.is_reserved
    return is_open and address not in _OF_CLOUDS


def is_address(host: str) -> bool:
    """Whether `host` is an address in any spelling that a resolver takes, and no name: a name's
    last label begins with a letter."""
    last = host.rstrip(".").rpartition(".")[2]
    return ":" in host or not last[:1].isalpha()
