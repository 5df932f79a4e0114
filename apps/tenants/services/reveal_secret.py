"""Read a secret of a tenant, to use it; no API shows it."""

from uuid import UUID

from agentplatform.core.errors import NotFound
from apps.tenants.models import Secret
from apps.tenants.services.secret_text import unseal


def reveal_secret(*, tenant_id: UUID, name: str) -> str:
    """The value. Raises NotFound, and CannotDecrypt when its key is not in the ring."""
    secret = Secret.objects.filter(tenant_id=tenant_id, name=name).first()
    if secret is None:
        raise NotFound(f"There is no secret {name}.")
    return unseal(secret)
