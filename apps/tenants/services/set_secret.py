"""Keep a secret of a tenant."""

from datetime import datetime
from uuid import UUID

from agentplatform.core.errors import InvalidInput
from agentplatform.core.transactions import transaction
from apps.tenants.models import Secret
from apps.tenants.services.keep_secret import keep_secret
from apps.tenants.services.record_change import record_change
from apps.tenants.services.secret_text import is_secret_name


def set_secret(*, tenant_id: UUID, name: str, value: str, at: datetime) -> tuple[Secret, bool]:
    """The secret, and whether it is new; an earlier value is gone. Raises InvalidInput.

    Opens a transaction. The audit says that it was set, never to what.
    """
    if not is_secret_name(name):
        raise InvalidInput(
            "A secret cannot have this name.",
            errors={"name": ["Use 1 to 63 of a-z, 0-9, _ and -, a letter first."]},
        )
    with transaction():
        secret, is_new = keep_secret(tenant_id=tenant_id, name=name, value=value, at=at)
        record_change(
            tenant_id=tenant_id,
            action="secret.created" if is_new else "secret.changed",
            target=("secret", name),
            at=at,
            after={"updated_at": at},
        )
    return secret, is_new
