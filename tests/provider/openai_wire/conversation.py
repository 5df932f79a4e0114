"""The rules that OpenAI sets for a list of messages."""

from typing import Any

from tests.provider.checks import TOOL_NAME, refuse_unless
from tests.provider.refusal import Refusal

ROLES = ("system", "assistant", "user", "function", "tool", "developer")
LONGEST_ID = 40
PART_TYPES = ("text", "image_url", "input_audio", "file", "refusal")


def check_messages(messages: Any) -> None:
    """Raises Refusal for a conversation that OpenAI would not take."""
    if not isinstance(messages, list):
        raise Refusal(400, "Missing required parameter: 'messages'.", param="messages",
                      code="missing_required_parameter")  # fmt: skip
    refuse_unless(
        bool(messages), "Invalid 'messages': empty array.", param="messages", code="empty_array"
    )
    for index, message in enumerate(messages):
        _check_message(message, f"messages.[{index}]")
    _check_pairing(messages)


def _check_message(message: Any, param: str) -> None:
    refuse_unless(
        isinstance(message, dict), f"Invalid type for '{param}': expected an object.", param=param
    )
    role = message.get("role")
    refuse_unless(
        role in ROLES,
        f"Invalid value: '{role}'. Supported values are: {', '.join(map(repr, ROLES))}.",
        param=f"{param}.role",
        code="invalid_value",
    )
    for call in message.get("tool_calls") or ():
        _check_call(call, f"{param}.tool_calls")
    refuse_unless(
        role != "tool" or isinstance(message.get("tool_call_id"), str),
        "Missing parameter 'tool_call_id': messages with role 'tool' must have a 'tool_call_id'.",
        param=f"{param}.tool_call_id",
    )
    _check_content(message, role, f"{param}.content")


def _check_content(message: dict[str, Any], role: Any, param: str) -> None:
    content = message.get("content")
    if content is None:
        has_more = (
            message.get("tool_calls") or message.get("refusal") or message.get("function_call")
        )
        refuse_unless(
            role == "assistant" and bool(has_more),
            f"Invalid value for 'content': expected a string, got null. ({param})",
            param=param,
        )
        return
    is_parts = isinstance(content, list) and all(
        isinstance(part, dict) and part.get("type") in PART_TYPES for part in content
    )
    refuse_unless(
        isinstance(content, str) or (is_parts and bool(content)),
        f"Invalid type for '{param}': expected a string or an array of content parts.",
        param=param,
        code="invalid_type",
    )


def _check_call(call: Any, param: str) -> None:
    function = call.get("function") if isinstance(call, dict) else None
    is_right = (
        isinstance(function, dict)
        and call.get("type") == "function"
        and isinstance(call.get("id"), str)
        and isinstance(function.get("name"), str)
        and isinstance(function.get("arguments"), str)
    )
    refuse_unless(is_right, f"Invalid tool call in '{param}'.", param=param, code="invalid_value")
    refuse_unless(
        len(call["id"]) <= LONGEST_ID,
        f"Invalid '{param}.id': string too long. Expected maximum length {LONGEST_ID}.",
        param=f"{param}.id",
        code="string_above_max_length",
    )
    refuse_unless(
        TOOL_NAME.fullmatch(call["function"]["name"]) is not None,
        f"Invalid '{param}.function.name': string does not match pattern '^[a-zA-Z0-9_-]+$'.",
        param=f"{param}.function.name",
        code="invalid_value",
    )


def _check_pairing(messages: list[dict[str, Any]]) -> None:
    """Every call is answered by the tool messages right behind it, and nothing else is."""
    open_ids: set[str] = set()
    for index, message in enumerate(messages):
        if message["role"] == "tool":
            refuse_unless(
                message["tool_call_id"] in open_ids,
                "Invalid parameter: messages with role 'tool' must be a response to a preceeding "
                "message with 'tool_calls'.",
                param=f"messages.[{index}].role",
            )
            open_ids.discard(message["tool_call_id"])
            continue
        _refuse_open(open_ids, index)
        open_ids = {call["id"] for call in message.get("tool_calls") or ()}
    _refuse_open(open_ids, len(messages))


def _refuse_open(open_ids: set[str], index: int) -> None:
    refuse_unless(
        not open_ids,
        "An assistant message with 'tool_calls' must be followed by tool messages responding to "
        "each 'tool_call_id'. The following tool_call_ids did not have response messages: "
        + ", ".join(sorted(open_ids)),
        param=f"messages.[{index}].role",
    )
