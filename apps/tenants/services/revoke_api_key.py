"""Revoke an API key."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.errors import NotFound
from agentplatform.core.transactions import after_commit, transaction
from apps.tenants.models import ApiKey
from apps.tenants.services.authenticate import forget_credentials
from apps.tenants.services.record_change import record_change


def revoke_api_key(*, tenant_id: UUID, api_key_id: UUID, at: datetime) -> None:
    """The key is refused: at once here, elsewhere within the lifetime of a known credential.

    A second time changes nothing. Raises NotFound.

    Opens a transaction.
    """
    key = ApiKey.objects.filter(pk=api_key_id, tenant_id=tenant_id)
    with transaction():
        if key.filter(revoked_at__isnull=True).update(revoked_at=at):
            record_change(
                tenant_id=tenant_id,
                action="api_key.revoked",
                target=("api_key", api_key_id),
                at=at,
                after={"revoked_at": at},
            )
            after_commit(forget_credentials)
        elif not key.exists():
            raise NotFound(f"There is no API key {api_key_id}.")
