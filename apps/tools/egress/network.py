"""How calls reach the network: resolve once, vet every answer, dial what was vetted."""

import socket
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache

from agentplatform.core.public_addresses import is_global
from agentplatform.settings.private_ranges import PrivateRange
from apps.tools.egress.errors import EgressRefused, HostUnreachable

Resolver = Callable[[str, int], list[str]]


def resolve(host: str, port: int) -> list[str]:
    """Every address of `host`, by the system's resolver."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


@cache
def _public_certificates() -> ssl.SSLContext:
    """Reading the system's takes 30 ms, which is more than most calls do."""
    return ssl.create_default_context()


@dataclass(frozen=True, kw_only=True)
class Network:
    """The resolver, the rule for addresses and the certificates; replaced together in tests."""

    resolver: Resolver = resolve
    is_allowed: Callable[[str], bool] = is_global
    certificates: ssl.SSLContext = field(default_factory=_public_certificates)

    def vetted_addresses(
        self, host: str, port: int, private: Iterable[PrivateRange] = ()
    ) -> list[str]:
        """The addresses of `host`, resolved now; dial one of these and resolve no more. Each is
        allowed, or in one of the `private` ranges. Raises HostUnreachable if the host has none,
        EgressRefused if one of them is neither."""
        try:
            addresses = self.resolver(host, port)
        except OSError as error:
            raise HostUnreachable(f"{host} cannot be resolved: {error.strerror}.") from error
        except UnicodeError as error:
            raise HostUnreachable(f"{host} cannot be resolved: it is no name.") from error
        ranges = tuple(private)
        if not addresses or not all(
            self.is_allowed(address) or any(one.opens(address, port) for one in ranges)
            for address in addresses
        ):
            raise EgressRefused(
                f"The address is refused: {host} does not resolve to public addresses only; "
                "private ones are the platform's operator's to open."
            )
        return addresses
