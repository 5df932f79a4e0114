"""The arguments of tool calls between OpenAI's format, a text, and an object. A text that is no
object becomes one, so that nothing is lost: a conversation goes on after a model's slip."""

import json
from typing import Any, Final

from apps.gateway.providers.json_body import decode_json

_UNREADABLE: Final = "_unreadable"


def decode_arguments(written: str) -> dict[str, Any]:
    """The object that a model wrote, or {"_unreadable": what it wrote}."""
    try:
        decoded = decode_json(written.encode("utf-8", "surrogatepass") or b"{}")
    except (ValueError, RecursionError):
        decoded = None
    return decoded if isinstance(decoded, dict) else {_UNREADABLE: written}


def write_arguments(arguments: dict[str, Any]) -> str:
    """The text of arguments; what was unreadable is written as it was."""
    written = arguments.get(_UNREADABLE)
    if isinstance(written, str) and len(arguments) == 1:
        return written
    return json.dumps(arguments, ensure_ascii=False)
