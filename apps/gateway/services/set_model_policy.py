"""Which models a tenant may use."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.errors import InvalidInput
from agentplatform.core.transactions import transaction
from apps.gateway.models import ModelPolicy
from apps.tenants.facade import record_change


def set_model_policy(
    *, tenant_id: UUID, allowed_models: str, allows_local: bool, at: datetime
) -> None:
    """Counts within seconds. Raises InvalidInput. Opens a transaction."""
    if allowed_models not in ModelPolicy.Allowed:
        known = ", ".join(ModelPolicy.Allowed)
        raise InvalidInput(
            "There is no such policy.", errors={"allowed_models": [f"Choose one of {known}."]}
        )
    after = {"allowed_models": str(allowed_models), "allows_local": allows_local}
    with transaction():
        row = ModelPolicy.objects.select_for_update().filter(tenant_id=tenant_id).first()
        before = (
            {"allowed_models": row.allowed_models, "allows_local": row.allows_local} if row else {}
        )
        if before == after:
            return
        ModelPolicy.objects.update_or_create(tenant_id=tenant_id, defaults=after)
        record_change(
            tenant_id=tenant_id,
            action="model_policy.changed",
            target=("tenant", tenant_id),
            at=at,
            before=before,
            after=after,
        )
