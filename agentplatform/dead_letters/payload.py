"""What of a message is kept: enough to replay it, no secret, never more than a page or two."""

import json
from typing import Any

from agentplatform.core.json_values import clean_json
from agentplatform.core.mask import mask_secrets, mask_text

LIMIT = 16_000


def bound_payload(payload: dict[str, Any]) -> dict[str, Any]:
    """`payload` without secrets, or `{"text", "is_cut": True}` where it is too long.

    Only a whole one has `kwargs` to replay.
    """
    kept: dict[str, Any] = clean_json(mask_secrets(payload))
    text = mask_text(json.dumps(kept, ensure_ascii=False))
    if len(text) > LIMIT:
        return {"text": text[:LIMIT], "is_cut": True}
    masked: dict[str, Any] = json.loads(text)
    return masked
