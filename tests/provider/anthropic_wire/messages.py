"""POST /v1/messages without a stream, and /v1/messages/count_tokens."""

import json
from typing import Any

from tests.provider.anthropic_wire.checks import check_message_request
from tests.provider.anthropic_wire.conversation import blocks_of
from tests.provider.behaviour import Behaviour
from tests.provider.tokens import MESSAGE_TOKENS, count_prompt
from tests.provider.values import REQUEST_ID, Answer, Ask, Call, Tool, Usage

STOPS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}
CHOICES = {"auto": "auto", "any": "required", "none": "none"}
Json = dict[str, Any]


def read_message_request(body: Json, behaviour: Behaviour) -> Ask:
    """The request as an Ask. Raises Refusal."""
    check_message_request(body)
    return _ask(body)


def read_older_message_request(body: Json, behaviour: Behaviour) -> Ask:
    """A request of API version 2023-06-01 as an Ask. Raises Refusal."""
    check_message_request(body, has_sampling=True)
    return _ask(body)


def _ask(body: Json) -> Ask:
    choice = body.get("tool_choice") or {"type": "auto"}
    wanted = (body.get("output_config") or {}).get("format")
    return Ask(
        model=body["model"],
        prompt_tokens=count_request(body),
        tools=tuple(
            Tool(name=tool["name"], parameters=tool["input_schema"])
            for tool in body.get("tools") or ()
        ),
        tool_choice=CHOICES.get(choice["type"], f"={choice.get('name')}"),
        is_parallel=not choice.get("disable_parallel_tool_use", False),
        rounds=_count_rounds(body["messages"]),
        schema=wanted["schema"] if wanted else None,
        max_tokens=body["max_tokens"],
        stop=tuple(body.get("stop_sequences") or ()),
        is_streamed=body.get("stream") is True,
    )


def count_request(body: Json) -> int:
    """The prompt tokens of a request."""
    system = body.get("system")
    extras = (body.get("tools"), (body.get("output_config") or {}).get("format"), system)
    return count_prompt(body["messages"], *extras) + (MESSAGE_TOKENS if system else 0)


def render_message(ask: Ask, answer: Answer, is_metered: bool) -> Json:
    """The answer as a message."""
    body = {
        "id": f"msg_{REQUEST_ID}",
        "type": "message",
        "role": "assistant",
        "model": ask.model,
        "content": render_blocks(answer),
        "stop_reason": STOPS.get(answer.stop, answer.stop),
        "stop_sequence": answer.stop_sequence,
    }
    return {**body, "usage": render_usage(answer.usage)} if is_metered else body


def render_blocks(answer: Answer) -> list[Json]:
    """The content blocks of an answer."""
    text = [{"type": "text", "text": answer.text}] if answer.text else []
    return text + [render_call(call, _decode(call.arguments)) for call in answer.calls]


def render_call(call: Call, arguments: Any) -> Json:
    """A tool call in Anthropic's words."""
    return {"type": "tool_use", "id": f"toolu_{call.id}", "name": call.name, "input": arguments}


def render_usage(usage: Usage) -> Json:
    """The tokens in Anthropic's words: cached ones are counted beside input_tokens, not in it."""
    apart = usage.cached_tokens + usage.cache_write_tokens
    body = {
        "input_tokens": usage.prompt_tokens - apart,
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write_tokens - usage.cache_write_hour_tokens,
            "ephemeral_1h_input_tokens": usage.cache_write_hour_tokens,
        },
        "cache_read_input_tokens": usage.cached_tokens,
        "output_tokens": usage.completion_tokens,
        "service_tier": "standard",
    }
    if usage.reasoning_tokens:
        body["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    return body


def _decode(arguments: str) -> Any:
    """The arguments as JSON; what is no JSON arrives as an empty input, as it does when the model
    is cut off in the middle of a call."""
    try:
        return json.loads(arguments)
    except ValueError:
        return {}


def _count_rounds(messages: list[Json]) -> int:
    rounds = 0
    for message in reversed(messages):
        kinds = {block["type"] for block in blocks_of(message)}
        if message["role"] == "user" and "tool_result" not in kinds:
            break
        rounds += "tool_use" in kinds
    return rounds
