"""Revoke an API key."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.errors import NotFound
from apps.tenants.models import ApiKey


def revoke_api_key(*, tenant_id: UUID, api_key_id: UUID, at: datetime) -> None:
    """From now on the key is refused. A second time changes nothing. Raises NotFound."""
    key = ApiKey.objects.filter(pk=api_key_id, tenant_id=tenant_id)
    if not key.filter(revoked_at__isnull=True).update(revoked_at=at) and not key.exists():
        raise NotFound("There is no such API key.")
