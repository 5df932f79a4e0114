"""Keep the leases of calls alive while their workers are."""

from uuid import UUID

from agentplatform.calls.row import CallRow
from agentplatform.calls.states import RUNNING
from agentplatform.core import clock
from agentplatform.core.connections import brief_connection
from agentplatform.core.leases import CALL_LEASE, Renewer
from agentplatform.core.tenancy import tenant_scope


def lease_renewer(model: type[CallRow]) -> Renewer:
    """The renewer of the leases of `model` that this process holds; one per process."""

    def renew(tenant_id: UUID, tokens: list[UUID]) -> set[UUID]:
        running = model.objects.filter(lease_token__in=tokens, status=RUNNING)
        with brief_connection(), tenant_scope(tenant_id):
            running.update(lease_expires_at=clock.now() + CALL_LEASE)
            kept = running.values_list("lease_token", flat=True)
            return {token for token in kept if token is not None}

    return Renewer(renew)
