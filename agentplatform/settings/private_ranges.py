"""Read EGRESS_PRIVATE_ADDRESSES."""

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from agentplatform.settings.host_rules import WEB_PORTS

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PRIVATE: Final = tuple(
    map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
)
_PRIVATE_IPV6: Final = ipaddress.IPv6Network("fc00::/7")
_METADATA: Final = tuple(
    map(
        ipaddress.ip_network,
        ("100.100.100.200/32", "fd00:ec2::/32", "fd00:c1::/32", "fd20:ce::/32"),
    )
)
"""Private addresses where a cloud gives keys of its machines; those of most are link-local."""
_ENTRY: Final = re.compile(
    r"(?P<v4>[0-9.]+(/[0-9]{1,2})?)(:(?P<port4>[0-9]{1,5}))?"
    r"|(?P<v6>[0-9a-fA-F:]+(/[0-9]{1,3})?)"
    r"|\[(?P<bare6>[0-9a-fA-F:]+(/[0-9]{1,3})?)\](:(?P<port6>[0-9]{1,5}))?"
)


class BadRange(ValueError):
    """The entry names nothing that can be opened; the message says what to write."""


@dataclass(frozen=True, kw_only=True)
class PrivateRange:
    """Private addresses that may be dialled on a port; no port means 80 and 443."""

    network: Network
    port: int | None = None

    def opens(self, address: str, port: int) -> bool:
        """Whether this plain address may be dialled on this port. One that is wrapped into another
        may not, nor may one of a cloud's metadata."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        if parsed not in self.network or "%" in address or any(parsed in one for one in _METADATA):
            return False
        return port in WEB_PORTS if self.port is None else port == self.port


@lru_cache(maxsize=8)
def parse_ranges(text: str) -> tuple[PrivateRange, ...]:
    """The ranges of a comma-separated list of `address[/bits][:port]`; an IPv6 one with a port
    stands in brackets. Raises BadRange, naming the entry."""
    entries = (entry.strip() for entry in text.split(","))
    return tuple(_parse(entry) for entry in entries if entry)


def _parse(entry: str) -> PrivateRange:
    parts = _ENTRY.fullmatch(entry)
    if parts is None:
        raise _bad(entry, "is not of the form 10.4.0.0/16:8443 or [fd12:3456::/48]:8443")
    try:
        network = ipaddress.ip_network(parts["v4"] or parts["v6"] or parts["bare6"])
    except ValueError as error:
        raise _bad(entry, f"is no range of addresses: {error}") from error
    port = parts["port4"] or parts["port6"]
    if port is not None and not 0 < int(port) < 65536:
        raise _bad(entry, "has no port of 1 to 65535")
    if not _is_private(network):
        raise _bad(
            entry,
            "is not within the private ranges 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, "
            "100.64.0.0/10 and fc00::/7; loopback, link-local and metadata addresses stay "
            "refused, and public ones need no entry",
        )
    return PrivateRange(network=network, port=None if port is None else int(port))


def _is_private(network: Network) -> bool:
    if any(one.prefixlen <= network.prefixlen and network.overlaps(one) for one in _METADATA):
        return False
    if isinstance(network, ipaddress.IPv6Network):
        return network.subnet_of(_PRIVATE_IPV6)
    return any(network.subnet_of(one) for one in _PRIVATE)


def _bad(entry: str, problem: str) -> BadRange:
    return BadRange(f"The entry {entry[:100]!r} {problem}.")
