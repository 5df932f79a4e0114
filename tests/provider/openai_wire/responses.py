"""POST /v1/responses: text, JSON and function calls; as a stream, the events of a text."""

import json
from typing import Any

from tests.provider.behaviour import Behaviour
from tests.provider.checks import is_count, refuse_unless
from tests.provider.refusal import Refusal
from tests.provider.tokens import count_prompt, split_tokens
from tests.provider.values import CREATED, REQUEST_ID, Answer, Ask, Call, Piece, Tool

MESSAGE_ID = f"msg_{REQUEST_ID}"
Json = dict[str, Any]


def read_response(body: Json, behaviour: Behaviour) -> Ask:
    """The request as an Ask. Raises Refusal."""
    items = body.get("input")
    if items is None:
        raise Refusal(400, "Missing required parameter: 'input'.", param="input",
                      code="missing_required_parameter")  # fmt: skip
    if isinstance(items, str):
        items = [{"role": "user", "content": items}]
    refuse_unless(
        isinstance(items, list) and bool(items) and all(isinstance(item, dict) for item in items),
        "Invalid type for 'input': expected a string or an array of items.",
        param="input",
    )
    limit = body.get("max_output_tokens")
    refuse_unless(
        limit is None or is_count(limit, 16),
        "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16.",
        param="max_output_tokens",
    )
    tools = [tool for tool in body.get("tools") or () if tool.get("type") == "function"]
    choice = body.get("tool_choice") or "auto"
    return Ask(
        model=body["model"],
        prompt_tokens=count_prompt(items, body.get("instructions"), tools, body.get("text")),
        tools=tuple(Tool(name=t["name"], parameters=t.get("parameters") or {}) for t in tools),
        tool_choice=f"={choice.get('name')}" if isinstance(choice, dict) else choice,
        is_parallel=body.get("parallel_tool_calls") is not False,
        rounds=int(any(item.get("type") == "function_call_output" for item in items)),
        schema=((body.get("text") or {}).get("format") or {}).get("schema"),
        max_tokens=limit,
        is_streamed=body.get("stream") is True,
    )


def render_response(ask: Ask, answer: Answer, is_metered: bool) -> Json:
    """The answer as a response."""
    is_cut = answer.stop == "length"
    return {
        "id": f"resp_{REQUEST_ID}",
        "object": "response",
        "created_at": CREATED,
        "status": "incomplete" if is_cut else "completed",
        "background": False,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if is_cut else None,
        "instructions": None,
        "max_output_tokens": ask.max_tokens,
        "metadata": {},
        "model": ask.model,
        "output": _render_output(answer),
        "parallel_tool_calls": ask.is_parallel,
        "previous_response_id": None,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        **({"usage": _render_usage(answer)} if is_metered else {}),
    }


def render_response_stream(ask: Ask, answer: Answer, is_metered: bool) -> list[Piece]:
    """The answer as events."""
    whole = render_response(ask, answer, is_metered)
    started = {**whole, "status": "in_progress", "output": []}
    started.pop("usage", None)
    total = answer.usage.completion_tokens
    events: list[tuple[str, Json, int]] = [("response.created", {"response": started}, 0)]
    for index, item in enumerate(whole["output"]):
        place = {"output_index": index}
        events.append(("response.output_item.added", {**place, "item": item}, events[-1][2]))
        if item["type"] == "message":
            events += _text_events(answer, item, place)
        events.append(("response.output_item.done", {**place, "item": item}, events[-1][2]))
    events.append(("response.completed", {"response": whole}, total))
    return [
        Piece(_event({"type": name, "sequence_number": number, **data}), tokens)
        for number, (name, data, tokens) in enumerate(events)
    ]


def _event(data: Json) -> bytes:
    text = json.dumps(data, separators=(",", ":"))
    return f"event: {data['type']}\ndata: {text}\n\n".encode()


def _text_events(answer: Answer, item: Json, place: Json) -> list[tuple[str, Json, int]]:
    said = answer.usage.reasoning_tokens
    spot = {**place, "item_id": item["id"], "content_index": 0}
    part = item["content"][0]
    events = [("response.content_part.added", {**spot, "part": {**part, "text": ""}}, said)]
    for text, tokens in split_tokens(answer.text):
        delta = {**spot, "delta": text, "logprobs": []}
        events.append(("response.output_text.delta", delta, said + tokens))
    said = events[-1][2]
    done = {**spot, "text": answer.text, "logprobs": []}
    events.append(("response.output_text.done", done, said))
    return [*events, ("response.content_part.done", {**spot, "part": part}, said)]


def _render_output(answer: Answer) -> list[Json]:
    return [_render_call(call) for call in answer.calls] or [_render_message(answer)]


def _render_message(answer: Answer) -> Json:
    part = {"type": "output_text", "text": answer.text, "annotations": [], "logprobs": []}
    status = "incomplete" if answer.stop == "length" else "completed"
    return {
        "type": "message",
        "id": MESSAGE_ID,
        "role": "assistant",
        "status": status,
        "content": [part],
    }


def _render_call(call: Call) -> Json:
    return {
        "type": "function_call",
        "id": f"fc_{call.id}",
        "call_id": f"call_{call.id}",
        "name": call.name,
        "arguments": call.arguments,
        "status": "completed",
    }


def _render_usage(answer: Answer) -> Json:
    usage = answer.usage
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }
