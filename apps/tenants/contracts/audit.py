"""What is asked of the audit log."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    """Which audit entries are asked for; what is None does not matter. `until` is exclusive."""

    action: str | None = None
    actor_id: str | None = None
    target_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
