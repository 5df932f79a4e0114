"""Keep a secret for what belongs to it, whose own audit entry tells of the change."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.transactions import require_transaction
from apps.tenants.models import Secret
from apps.tenants.services.secret_text import seal


def keep_secret(*, tenant_id: UUID, name: str, value: str, at: datetime) -> tuple[Secret, bool]:
    """The secret, and whether it is new; an earlier value is gone. Raises InvalidInput for a value
    that does not fit. Requires a transaction, in which the caller records the change."""
    require_transaction()
    ciphertext = seal(value, tenant_id=tenant_id, name=name)
    return Secret.objects.update_or_create(
        tenant_id=tenant_id,
        name=name,
        defaults={"ciphertext": ciphertext, "updated_at": at},
        create_defaults={"ciphertext": ciphertext, "created_at": at, "updated_at": at},
    )


def drop_secret(*, tenant_id: UUID, name: str) -> bool:
    """Forget the secret; whether there was one. Requires a transaction, as keep_secret does."""
    require_transaction()
    count, _ = Secret.objects.filter(tenant_id=tenant_id, name=name).delete()
    return bool(count)
