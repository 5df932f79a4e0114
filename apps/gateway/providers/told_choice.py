"""The choice of an answer in OpenAI's format, held to that format: servers that speak it often do
not quite. What cannot be mended is an InvalidAnswer."""

from typing import Any, Final

from apps.gateway.providers.errors import InvalidAnswer
from apps.gateway.providers.json_body import encode_json

FINISH_REASONS: Final = frozenset(
    {"stop", "length", "tool_calls", "function_call", "content_filter"}
)


def told_text(value: Any) -> str:
    """A text; none is an empty one. Raises InvalidAnswer for what is no text."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidAnswer(f"The answer has {type(value).__name__} where a text belongs.")
    return value


def told_index(value: Any) -> int:
    """The place of a part; the first one unless it is said. Raises InvalidAnswer."""
    if value is None:
        return 0
    if type(value) is not int:
        raise InvalidAnswer("A part of the answer has no number for its place.")
    return value


def told_reason(value: Any) -> str | None:
    """Why an answer ended, `stop` for what nobody knows."""
    return value if value is None or value in FINISH_REASONS else "stop"


def told_choice(choice: dict[str, Any]) -> dict[str, Any]:
    """A whole choice in OpenAI's form. Raises InvalidAnswer, and anything else where it is far from
    that form."""
    message = choice["message"]
    for name in ("content", "refusal"):
        told_text(message.get(name))
    calls = message.get("tool_calls") or ()
    told = {"tool_calls": [_call(call, number) for number, call in enumerate(calls)]}
    return {
        **choice,
        "message": message | (told if calls else {}),
        "finish_reason": told_reason(choice.get("finish_reason")),
    }


def _call(call: dict[str, Any], number: int) -> dict[str, Any]:
    function = call["function"]
    arguments = function.get("arguments")
    if isinstance(arguments, dict):
        arguments = encode_json(arguments).decode()
    named = {"name": told_text(function["name"]), "arguments": told_text(arguments)}
    call_id = told_text(call.get("id")) or f"call_{number}"
    return {"id": call_id, "type": "function", "function": named}
