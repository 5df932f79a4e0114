"""The header Idempotency-Key."""

from rest_framework.request import Request

from agentplatform.core.errors import InvalidInput
from agentplatform.core.idempotency import IDEMPOTENCY_KEY_RULE, is_idempotency_key


def idempotency_key(request: Request) -> str | None:
    """The key that makes a repeated request harmless, or None. Raises InvalidInput."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not is_idempotency_key(key):
        raise InvalidInput(
            "The header Idempotency-Key is wrong.",
            errors={"Idempotency-Key": [IDEMPOTENCY_KEY_RULE]},
        )
    return key
