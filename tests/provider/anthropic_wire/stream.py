"""POST /v1/messages as server-sent events."""

import json
from typing import Any

from tests.provider.anthropic_wire.messages import render_call, render_message, render_usage
from tests.provider.tokens import split_tokens
from tests.provider.values import Answer, Ask, Piece

ERROR_EVENT = (
    b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error",'
    b'"message":"Overloaded"}}\n\n'
)
Event = tuple[dict[str, Any], int]


def render_message_stream(ask: Ask, answer: Answer, is_metered: bool) -> list[Piece]:
    """The answer as events, from message_start to message_stop."""
    said = answer.usage.reasoning_tokens
    events: list[Event] = [(_start(ask, answer, is_metered), 0), ({"type": "ping"}, 0)]
    blocks = [(None, answer.text)] if answer.text else []
    for index, (call, text) in enumerate([*blocks, *((c, c.arguments) for c in answer.calls)]):
        empty = render_call(call, {}) if call else {"type": "text", "text": ""}
        events.append(
            ({"type": "content_block_start", "index": index, "content_block": empty}, said)
        )
        for part, tokens in split_tokens(text):
            delta = (
                {"type": "input_json_delta", "partial_json": part}
                if call
                else {"type": "text_delta", "text": part}
            )
            event = {"type": "content_block_delta", "index": index, "delta": delta}
            events.append((event, said + tokens))
        said = events[-1][1]
        events.append(({"type": "content_block_stop", "index": index}, said))
    total = answer.usage.completion_tokens
    events += [(_end(ask, answer, is_metered), total), ({"type": "message_stop"}, total)]
    return [Piece(_encode(event), tokens) for event, tokens in events]


def _start(ask: Ask, answer: Answer, is_metered: bool) -> dict[str, Any]:
    message = render_message(ask, answer, is_metered)
    message |= {"content": [], "stop_reason": None, "stop_sequence": None}
    if is_metered:
        message["usage"] = {**message["usage"], "output_tokens": 1}
    return {"type": "message_start", "message": message}


def _end(ask: Ask, answer: Answer, is_metered: bool) -> dict[str, Any]:
    whole = render_message(ask, answer, is_metered)
    delta = {"stop_reason": whole["stop_reason"], "stop_sequence": whole["stop_sequence"]}
    usage = render_usage(answer.usage) if is_metered else {}
    for name in ("service_tier", "cache_creation"):  # told at the start alone
        usage.pop(name, None)
    return {"type": "message_delta", "delta": delta, **({"usage": usage} if is_metered else {})}


def _encode(event: dict[str, Any]) -> bytes:
    text = json.dumps(event, separators=(",", ":"))
    return f"event: {event['type']}\ndata: {text}\n\n".encode()
