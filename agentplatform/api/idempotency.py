"""The header Idempotency-Key."""

import re

from rest_framework.request import Request

from agentplatform.core.errors import InvalidInput

_VISIBLE_ASCII = re.compile(r"[!-~]{1,255}")


def idempotency_key(request: Request) -> str | None:
    """The key that makes a repeated request harmless, or None. Raises InvalidInput."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not _VISIBLE_ASCII.fullmatch(key):
        raise InvalidInput(
            "The header Idempotency-Key is wrong.",
            errors={"Idempotency-Key": ["Send 1 to 255 visible ASCII characters."]},
        )
    return key
