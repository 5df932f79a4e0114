"""Tool calls for models without tools: asked for and answered as JSON of one schema.

{"calls": [{"tool": "code", "arguments": {...}}, ...]}    or    {"answer": "..."}
"""

import json
from typing import Any
from uuid import uuid4

from agentplatform.core.json_values import clean_json
from apps.gateway.contracts import CompletionRequest, ToolSpec, ToolUse, Usage
from apps.gateway.providers.errors import InvalidOutput
from apps.gateway.providers.grammar_schema import bounded_schema

MAX_CALLS = 4


def is_emulated(request: CompletionRequest) -> bool:
    """Whether this request's answer may hold tool calls."""
    return bool(request.tools) and request.tool_choice != "none"


def answer_schema(request: CompletionRequest, *, max_tokens: int) -> dict[str, Any]:
    """The schema of an answer that calls tools, or says something where it need not call any."""
    share = max_tokens // max(1, request.min_tool_calls)
    calls = _object(
        calls={
            "type": "array",
            "items": {"anyOf": [_call_schema(tool, share) for tool in _on_offer(request)]},
            "minItems": request.min_tool_calls,
            "maxItems": max(MAX_CALLS, request.min_tool_calls),
        }
    )
    if request.tool_choice == "required":
        return calls
    wanted = request.response_schema or {"type": "string", "minLength": 1}
    return {"anyOf": [calls, _object(answer=bounded_schema(wanted, max_tokens=max_tokens))]}


def _on_offer(request: CompletionRequest) -> list[ToolSpec]:
    return [tool for tool in request.tools if request.tool_name in (None, tool.name)]


def instructions(request: CompletionRequest) -> str:
    """What a model is told about its tools, and about the form of its answer."""
    tools = "\n".join(
        f"- {tool.name}: {tool.description} Arguments: {json.dumps(tool.parameters)}"
        for tool in _on_offer(request)
    )
    calls = '{"calls": [{"tool": "<name>", "arguments": {...}}]}'
    lines = ["You can use these tools:", tools, f"To use tools, answer {calls}."]
    if request.min_tool_calls > 1:
        lines.append(f"Use at least {request.min_tool_calls} tools at once.")
    if request.tool_choice != "required":
        lines.append('When you need no tool, answer {"answer": ...}.')
    return "\n".join(lines)


def read_calls(
    text: str, request: CompletionRequest, *, usage: Usage
) -> tuple[str, tuple[ToolUse, ...]]:
    """The text and the tool calls of an answer; one of them is empty. Raises InvalidOutput."""
    try:
        value = clean_json(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise InvalidOutput("The model's answer was cut or is no JSON.", usage=usage) from error
    if isinstance(value, dict) and "answer" in value:
        answer = value["answer"]
        return (answer if isinstance(answer, str) else json.dumps(answer)), ()
    calls = value.get("calls") if isinstance(value, dict) else None
    if not isinstance(calls, list):
        raise InvalidOutput("The model's answer has neither calls nor an answer.", usage=usage)
    known = {tool.name for tool in request.tools}
    return "", tuple(_read_call(call, known, usage) for call in calls)


def _read_call(call: Any, known: set[str], usage: Usage) -> ToolUse:
    if not isinstance(call, dict) or call.get("tool") not in known:
        raise InvalidOutput("The model called a tool that is not on offer.", usage=usage)
    arguments = call.get("arguments")
    if not isinstance(arguments, dict):
        raise InvalidOutput("The model called a tool without arguments.", usage=usage)
    return ToolUse(id=f"call_{uuid4().hex[:24]}", name=call["tool"], arguments=arguments)


def _call_schema(tool: ToolSpec, max_tokens: int) -> dict[str, Any]:
    return _object(
        tool={"const": tool.name},
        arguments=bounded_schema({"type": "object"} | tool.parameters, max_tokens=max_tokens),
    )


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
