"""The text of a tenant's secret, encrypted for its row alone."""

import re
from uuid import UUID

from agentplatform.core.encryption import decrypt, encrypt
from agentplatform.core.errors import InvalidInput
from apps.tenants.models import Secret

MAX_BYTES = 8 * 1024
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


def is_secret_name(name: str) -> bool:
    """Whether a secret can have this name."""
    return _NAME.fullmatch(name) is not None


def seal(value: str, *, tenant_id: UUID, name: str) -> str:
    """The ciphertext that this tenant's secret of this name holds. Raises InvalidInput."""
    size = len(value.encode())
    if not 1 <= size <= MAX_BYTES:
        raise InvalidInput(
            "The value does not fit.", errors={"value": [f"Send 1 to {MAX_BYTES} bytes."]}
        )
    return encrypt(value, context=_context(tenant_id, name))


def unseal(secret: Secret) -> str:
    """The text of the row. Raises CannotDecrypt."""
    return decrypt(secret.ciphertext, context=_context(secret.tenant_id, secret.name))


def _context(tenant_id: UUID, name: str) -> str:
    return f"{tenant_id}:{name}"
