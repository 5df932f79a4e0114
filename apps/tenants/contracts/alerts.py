"""What somebody should look at."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

AlertKind = Literal["budget_threshold", "budget_exceeded", "providers_failed", "breaker_open"]


@dataclass(frozen=True, kw_only=True)
class NewAlert:
    """What somebody should look at. `tenant_id` None: the platform's own, which no tenant sees.

    `subject` is what it is about; `once_per` names the occasion: of a kind and tenant there is one
    alert for each. `details` are JSON, and none of it is what a model or a tool said.
    """

    kind: AlertKind
    subject: str
    once_per: str
    tenant_id: UUID | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AlertFilter:
    """Which alerts are asked for; what is None does not matter. `until` is exclusive."""

    kind: AlertKind | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None
