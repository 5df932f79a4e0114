"""What a tenant is set to, and whether it may start anything."""

from dataclasses import dataclass
from typing import ClassVar, TypedDict

from agentplatform.core.errors import PlatformError


class TenantSettings(TypedDict, total=False):
    """What the admins of a tenant decide. `retention_days` None keeps what has ended."""

    name: str
    retention_days: int | None
    allows_provisioning: bool
    time_zone: str
    budget_thresholds: list[float]


@dataclass(frozen=True, kw_only=True)
class Caps:
    """How many runs, and model and tool calls, of a tenant may be in flight; None: no cap."""

    runs: int | None
    calls: int | None


class TenantInactive(PlatformError):
    """The tenant is suspended or deleted: nothing new starts for it."""

    code: ClassVar[str] = "tenant_inactive"
    status: ClassVar[int] = 403
