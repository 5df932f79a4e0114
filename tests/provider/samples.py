"""Requests that several tests send."""

from typing import Any

HELLO = [{"role": "user", "content": "Hello."}]
WEATHER: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string", "minLength": 2}, "days": {"type": "integer"}},
    "required": ["city"],
    "additionalProperties": False,
}
REPORT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "findings": {"type": "array", "items": {"type": "string"}},
        "mood": {"type": "string", "enum": ["bright", "dark"]},
    },
    "required": ["title", "findings", "mood"],
    "additionalProperties": False,
}


def openai_tool(name: str = "weather") -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": WEATHER}}


def anthropic_tool(name: str = "weather") -> dict[str, Any]:
    return {"name": name, "description": "The weather.", "input_schema": WEATHER}


def chat(model: str = "ok", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": HELLO, **more}


def message(model: str = "ok", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": HELLO, "max_tokens": 500, **more}


def openai_rounds(count: int) -> list[dict[str, Any]]:
    """A conversation with `count` finished rounds of one tool call."""
    messages: list[dict[str, Any]] = list(HELLO)
    for number in range(count):
        function = {"name": "weather", "arguments": '{"city": "Rome"}'}
        call = {"id": f"call_{number}", "type": "function", "function": function}
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": call["id"], "content": "sunny"})
    return messages


def anthropic_rounds(count: int) -> list[dict[str, Any]]:
    """A conversation with `count` finished rounds of one tool call."""
    messages: list[dict[str, Any]] = list(HELLO)
    for number in range(count):
        use = {"type": "tool_use", "id": f"toolu_{number}", "name": "weather", "input": {}}
        result = {"type": "tool_result", "tool_use_id": use["id"], "content": "sunny"}
        messages.append({"role": "assistant", "content": [use]})
        messages.append({"role": "user", "content": [result]})
    return messages
