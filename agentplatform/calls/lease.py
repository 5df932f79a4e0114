"""Keep the leases of calls alive while their workers are."""

from uuid import UUID

from django.db.models import F

from agentplatform.calls.move import in_order
from agentplatform.calls.row import CallRow
from agentplatform.calls.states import RUNNING
from agentplatform.core import clock
from agentplatform.core.connections import brief_connection
from agentplatform.core.ids import new_id
from agentplatform.core.leases import CALL_LEASE, Renewer
from agentplatform.core.tenancy import tenant_scope
from agentplatform.core.transactions import transaction


def lease_renewer(model: type[CallRow]) -> Renewer:
    """The renewer of the leases of `model` that this process holds; one per process.

    A released call is due at once, and its execution does not count as lost.
    """

    def renew(tenant_id: UUID, tokens: list[UUID]) -> set[UUID]:
        running = model.objects.filter(lease_token__in=tokens, status=RUNNING)
        with brief_connection(), tenant_scope(tenant_id), transaction():
            in_order(running).update(lease_expires_at=clock.now() + CALL_LEASE)
            kept = running.values_list("lease_token", flat=True)
            return {token for token in kept if token is not None}

    def release(tenant_id: UUID, tokens: list[UUID]) -> int:
        running = model.objects.filter(lease_token__in=tokens, status=RUNNING)
        with brief_connection(), tenant_scope(tenant_id), transaction():
            return in_order(running).update(
                lease_token=new_id(),  # nobody's: the holder's fence is lost
                lease_expires_at=clock.now(),
                executions=F("executions") - 1,
                dispatched_at=None,
            )

    return Renewer(renew, release)
