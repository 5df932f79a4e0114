"""Delete a little of what a tenant leaves."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.advisory_locks import try_lock_until_commit
from agentplatform.core.transactions import transaction
from apps.tenants.contracts import Counts
from apps.tenants.services.holdings import all_holdings
from apps.tenants.services.record_change import record_change

BATCH = 100


class PurgedElsewhere(Exception):
    """Another process purges this tenant at the moment, and goes on with it."""


def purge_batch(*, tenant_id: UUID, ended_before: datetime | None, at: datetime) -> Counts:
    """What was deleted, nothing when nothing is left. `ended_before` as for Holdings.

    Raises PurgedElsewhere. Opens a transaction, which the audit entry shares.
    """
    with transaction():
        if not try_lock_until_commit("purge", tenant_id):
            raise PurgedElsewhere
        for holdings in all_holdings():
            deleted = holdings.purge(tenant_id=tenant_id, ended_before=ended_before, limit=BATCH)
            if deleted:
                record_change(
                    tenant_id=tenant_id,
                    action="data.purged",
                    target=("tenant", tenant_id),
                    at=at,
                    after={**deleted, "ended_before": ended_before},
                )
                return deleted
    return {}
