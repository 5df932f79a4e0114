"""Change how much of a tenant may be in flight."""

from datetime import datetime
from typing import Final
from uuid import UUID

from agentplatform.core.errors import InvalidInput
from agentplatform.core.transactions import transaction
from apps.tenants.contracts import Caps
from apps.tenants.models import Tenant
from apps.tenants.services.lock_tenant import lock_tenant
from apps.tenants.services.record_change import record_change

MAX_CAP: Final = 2**31 - 1


def set_caps(*, tenant_id: UUID, caps: Caps, at: datetime) -> None:
    """Set both caps; None means no cap. They count from the next place on: a lower one stops
    nothing that is at work. Raises InvalidInput and NotFound. Opens a transaction.
    """
    errors = {
        name: [f"Let 1 to {MAX_CAP} be in flight, or set no cap."]
        for name, cap in (("runs", caps.runs), ("calls", caps.calls))
        if cap is not None and not 1 <= cap <= MAX_CAP
    }
    if errors:
        raise InvalidInput("No tenant can have such a cap.", errors=errors)
    with transaction():
        tenant = lock_tenant(tenant_id)
        before = _caps(tenant)
        tenant.max_runs_in_flight, tenant.max_calls_in_flight = caps.runs, caps.calls
        after = _caps(tenant)
        if after == before:
            return
        tenant.save(update_fields=list(after))
        record_change(
            tenant_id=tenant_id,
            action="caps.changed",
            target=("tenant", tenant_id),
            at=at,
            before=before,
            after=after,
        )


def _caps(tenant: Tenant) -> dict[str, int | None]:
    return {
        "max_runs_in_flight": tenant.max_runs_in_flight,
        "max_calls_in_flight": tenant.max_calls_in_flight,
    }
