"""The way out of one call."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from apps.tools.egress.network import Network
from apps.tools.egress.rules import Rule


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
    """What one call may reach, and who is told of each of its requests. `record` returns at once
    and may be called from any thread."""

    rules: tuple[Rule, ...] = ()
    network: Network = field(default_factory=Network)
    limits: EgressLimits = field(default_factory=EgressLimits)
    record: Callable[[EgressRequest], None] = _forget
