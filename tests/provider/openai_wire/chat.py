"""POST /v1/chat/completions without a stream."""

from typing import Any

from tests.provider.behaviour import Behaviour
from tests.provider.openai_wire.checks import check_chat, count_extras
from tests.provider.tokens import count_prompt
from tests.provider.values import CREATED, REQUEST_ID, Answer, Ask, Call, Tool, Usage

STOPS = {"stop_sequence": "stop", "refusal": "stop"}
ANY_OBJECT = {"type": "object"}


def read_chat(body: dict[str, Any], behaviour: Behaviour) -> Ask:
    """The request as an Ask. Raises Refusal."""
    check_chat(body, behaviour)
    stop = body.get("stop") or ()
    return Ask(
        model=body["model"],
        prompt_tokens=count_prompt(body["messages"]) + count_extras(body),
        tools=tuple(_tool(tool["function"]) for tool in body.get("tools") or ()),
        tool_choice=_choice(body.get("tool_choice")),
        is_parallel=body.get("parallel_tool_calls") is not False,
        rounds=_count_rounds(body["messages"]),
        schema=_wanted_schema(body.get("response_format")),
        max_tokens=body.get("max_completion_tokens") or body.get("max_tokens"),
        stop=(stop,) if isinstance(stop, str) else tuple(stop),
        choices=body.get("n") or 1,
        is_streamed=body.get("stream") is True,
        has_stream_usage=bool((body.get("stream_options") or {}).get("include_usage")),
    )


def render_chat(ask: Ask, answer: Answer, is_metered: bool) -> dict[str, Any]:
    """The answer as a chat completion."""
    choice = {
        "message": _render_message(answer),
        "logprobs": None,
        "finish_reason": STOPS.get(answer.stop, answer.stop),
    }
    body = {
        "id": f"chatcmpl-{REQUEST_ID}",
        "object": "chat.completion",
        "created": CREATED,
        "model": ask.model,
        "choices": [{"index": index, **choice} for index in range(ask.choices)],
        "service_tier": "default",
        "system_fingerprint": "fp_test",
    }
    return {**body, "usage": render_usage(answer.usage)} if is_metered else body


def render_usage(usage: Usage) -> dict[str, Any]:
    """The tokens in OpenAI's words."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {
            "cached_tokens": usage.cached_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def render_call(call: Call) -> dict[str, Any]:
    """A tool call in OpenAI's words."""
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": f"call_{call.id}", "type": "function", "function": function}


def _render_message(answer: Answer) -> dict[str, Any]:
    is_refusal = answer.stop == "refusal"
    is_silent = is_refusal or bool(answer.calls and not answer.text)
    message: dict[str, Any] = {
        "role": "assistant",
        "content": None if is_silent else answer.text,
        "refusal": answer.text if is_refusal else None,
        "annotations": [],
    }
    if answer.calls:
        message["tool_calls"] = [render_call(call) for call in answer.calls]
    return message


def _tool(function: dict[str, Any]) -> Tool:
    return Tool(name=function["name"], parameters=function.get("parameters") or ANY_OBJECT)


def _choice(choice: Any) -> str:
    return f"={choice['function']['name']}" if isinstance(choice, dict) else choice or "auto"


def _count_rounds(messages: list[dict[str, Any]]) -> int:
    rounds = 0
    for message in reversed(messages):
        if message["role"] == "user":
            break
        rounds += bool(message.get("tool_calls"))
    return rounds


def _wanted_schema(response_format: Any) -> dict[str, Any] | None:
    if not response_format or response_format["type"] == "text":
        return None
    if response_format["type"] == "json_object":
        return ANY_OBJECT
    return response_format["json_schema"].get("schema") or ANY_OBJECT
