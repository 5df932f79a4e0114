"""The arguments of a call as people may see them, and as its tool needs them.

Where both are the same, they are kept as they are. Otherwise the row shows the masked ones and
holds what was sent encrypted; a call that its worker has ended holds it no more.
"""

import json
import re
from typing import Any

from agentplatform.core.encryption import decrypt, encrypt
from agentplatform.core.mask import MASK, mask_secrets, mask_text
from apps.tools.models import ToolCall

_SECRET_HEADER = re.compile(r"(?i)auth|cookie|token|secret|signature|session|(^|[-_])key$")
_SECRET_FIELD = re.compile(r"(?i)passw|passphrase|pwd|secret|token|otp|cvc|\bpin\b")
_SECRET_QUERY = re.compile(
    r"""(?ix) ([?&;] (?: [a-z0-9_-]* (?: api[_-]?key | token | secret | passw(?:or)?d | signature
        | credential ) | key | sig | pwd | auth | code | session(?:id)? ) =) [^&;\#\s"'<>\\]+"""
)


def shown_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    """`arguments` without what looks like a secret: headers and fields by their names, user and
    query of addresses, keys and passwords in texts. The name of a tenant's secret is none."""
    masked: dict[str, Any] = mask_secrets(arguments)
    if isinstance(auth := arguments.get("auth"), dict) and isinstance(auth.get("secret"), str):
        masked["auth"] = {**masked["auth"], "secret": auth["secret"]}
    if isinstance(headers := masked.get("headers"), dict):
        masked["headers"] = {name: _header(name, value) for name, value in headers.items()}
    shown = _shown(masked)
    return shown if isinstance(shown, dict) else {}


def columns_of(arguments: dict[str, Any], *, key: str) -> dict[str, Any]:
    """What the row of the call with this idempotency key holds of its arguments."""
    shown = shown_arguments(arguments)
    if shown == arguments:
        return {"arguments": arguments, "sealed_arguments": ""}
    sealed = encrypt(json.dumps(arguments), context=_context(key))
    return {"arguments": shown, "sealed_arguments": sealed}


def sent_arguments(call: ToolCall) -> dict[str, Any]:
    """The arguments as they were sent. Raises CannotDecrypt."""
    if not call.sealed_arguments:
        return dict(call.arguments)
    text = decrypt(call.sealed_arguments, context=_context(call.idempotency_key))
    return dict(json.loads(text))


def _context(key: str) -> str:
    return f"tool_events/{key}/arguments"


def _header(name: str, value: Any) -> Any:
    return MASK if _SECRET_HEADER.search(name) else value


def _shown(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return _field({key: _shown(item) for key, item in value.items()})
    if isinstance(value, list):
        return [_shown(item) for item in value]
    return value


def _field(value: dict[str, Any]) -> dict[str, Any]:
    """What is typed into a field for a password."""
    is_secret = _SECRET_FIELD.search(str(value.get("selector", "")))
    if is_secret:
        return value | {name: MASK for name in ("text", "value") if name in value}
    return value


def _text(text: str) -> str:
    masked = mask_text(text)
    return _SECRET_QUERY.sub(rf"\1{MASK}", masked) if "=" in masked else masked
