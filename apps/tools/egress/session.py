"""The way out of one call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from agentplatform.settings.private_ranges import PrivateRange
from apps.tools.egress.network import Network
from apps.tools.egress.rules import Admitted, Rule, check_target


@dataclass(frozen=True, kw_only=True)
class EgressRequest:
    """One request that a call made or wanted to make. `refusal` says why it did not leave, or was
    cut; empty: it did. `via` is what sent it: http, mcp, or proxy for a program or a page in a
    sandbox. `method` is CONNECT for a tunnel, and DNS for a name that was only asked for."""

    via: str
    method: str
    host: str
    port: int
    at: datetime
    address: str = ""
    refusal: str = ""
    status: int | None = None
    sent_bytes: int = 0
    received_bytes: int = 0
    duration_ms: int = 0


@dataclass(frozen=True, kw_only=True)
class EgressLimits:
    """Bounds of what one call moves through the proxy. `total_bytes` counts both directions of all
    its requests; `requests_per_minute` may come at once, then evenly."""

    total_bytes: int = 100 * 1024 * 1024
    requests_per_minute: int = 600
    connections: int = 64
    connect_seconds: float = 10.0
    idle_seconds: float = 60.0
    request_seconds: float = 600.0


def _forget(_: EgressRequest) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Egress:
    """What one call may reach, and who is told of each of its requests. `private` are addresses
    that it reaches under the operator's rules, beside the public ones. `record` returns at once and
    may be called from any thread."""

    rules: tuple[Rule, ...] = ()
    private: tuple[PrivateRange, ...] = ()
    network: Network = field(default_factory=Network)
    limits: EgressLimits = field(default_factory=EgressLimits)
    record: Callable[[EgressRequest], None] = _forget

    def admit(self, *, method: str, host: str, port: int, also_as: Sequence[str] = ()) -> Admitted:
        """What the rules say of a request by its method and `also_as` others that its host may take
        it for. Raises EgressRefused."""
        found = [
            check_target(method=one, host=host, port=port, rules=self.rules)
            for one in (method, *also_as)
        ]
        return replace(found[0], is_operators=all(one.is_operators for one in found))

    def addresses_of(self, admitted: Admitted, port: int) -> list[str]:
        """The addresses to dial for what was admitted, resolved and vetted now. A tenant that could
        name private addresses would reach them by a name of its own, so it takes a rule of the
        operator's. Raises HostUnreachable, EgressRefused."""
        private = self.private if admitted.is_operators else ()
        return self.network.vetted_addresses(admitted.host, port, private)
