"""What was asked and answered, as attributes of a span: JSON in the conventions' form."""

from typing import Any

import orjson

from apps.gateway.contracts import Completion, CompletionRequest, Message, ToolUse


def request_content(request: CompletionRequest) -> dict[str, str]:
    """System prompts, messages and tools."""
    system = [_text(one.content) for one in request.messages if one.role == "system"]
    content = {
        "gen_ai.input.messages": _json(
            [_message(one) for one in request.messages if one.role != "system"]
        )
    }
    if system:
        content["gen_ai.system_instructions"] = _json(system)
    if request.tools:
        tools = [{"type": "function", **tool.model_dump()} for tool in request.tools]
        content["gen_ai.tool.definitions"] = _json(tools)
    return content


def answer_content(completion: Completion) -> dict[str, str]:
    """The answer, as the one output message."""
    parts = _parts(completion.text, completion.tool_calls)
    reason = completion.stop_reason
    message = {
        "role": "assistant",
        "parts": parts,
        "finish_reason": "tool_call" if reason == "tool_calls" else reason,
    }
    return {"gen_ai.output.messages": _json([message])}


def _message(message: Message) -> dict[str, Any]:
    if message.role == "tool":
        response = {
            "type": "tool_call_response",
            "id": message.tool_call_id,
            "response": message.content,
        }
        return {"role": "tool", "parts": [response]}
    return {"role": message.role, "parts": _parts(message.content, message.tool_calls)}


def _parts(text: str, tool_calls: tuple[ToolUse, ...]) -> list[dict[str, Any]]:
    calls = [
        {"type": "tool_call", "id": use.id, "name": use.name, "arguments": use.arguments}
        for use in tool_calls
    ]
    return ([_text(text)] if text else []) + calls


def _text(content: str) -> dict[str, str]:
    return {"type": "text", "content": content}


def _json(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()
