"""Forget a secret of a tenant."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.errors import NotFound
from agentplatform.core.transactions import transaction
from apps.tenants.services.keep_secret import drop_secret
from apps.tenants.services.record_change import record_change


def delete_secret(*, tenant_id: UUID, name: str, at: datetime) -> None:
    """From now on there is no secret of this name. Raises NotFound. Opens a transaction."""
    with transaction():
        if not drop_secret(tenant_id=tenant_id, name=name):
            raise NotFound(f"There is no secret {name}.")
        record_change(tenant_id=tenant_id, action="secret.deleted", target=("secret", name), at=at)
