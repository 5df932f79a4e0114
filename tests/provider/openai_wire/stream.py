"""POST /v1/chat/completions as server-sent events."""

import json
from typing import Any

from tests.provider.openai_wire.chat import STOPS, render_call, render_usage
from tests.provider.tokens import split_tokens
from tests.provider.values import CREATED, REQUEST_ID, Answer, Ask, Piece

DONE = b"data: [DONE]\n\n"
ERROR_EVENT = (
    b'data: {"error":{"message":"The server had an error while processing your request.",'
    b'"type":"server_error","param":null,"code":null}}\n\n'
)


def render_chat_stream(ask: Ask, answer: Answer, is_metered: bool) -> list[Piece]:
    """The answer as chunks, with a chunk of usage where it was asked for, and [DONE]."""
    has_usage = ask.has_stream_usage and is_metered
    pieces = []
    said = answer.usage.reasoning_tokens
    for index in range(ask.choices):
        for delta, tokens, finish in _deltas(answer):
            choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
            pieces.append(Piece(_chunk(ask, [choice], has_usage), said + tokens))
        said = pieces[-1].completion_tokens
    total = answer.usage.completion_tokens
    if has_usage:
        pieces.append(Piece(_chunk(ask, [], has_usage, render_usage(answer.usage)), total))
    return [*pieces, Piece(DONE, total)]


def _chunk(ask: Ask, choices: list[Any], has_usage: bool, usage: Any = None) -> bytes:
    chunk = {
        "id": f"chatcmpl-{REQUEST_ID}",
        "object": "chat.completion.chunk",
        "created": CREATED,
        "model": ask.model,
        "service_tier": "default",
        "system_fingerprint": "fp_test",
        "choices": choices,
    }
    if has_usage:
        chunk["usage"] = usage
    return b"data: " + json.dumps(chunk, separators=(",", ":")).encode() + b"\n\n"


def _deltas(answer: Answer) -> list[tuple[dict[str, Any], int, str | None]]:
    """Each delta, the tokens said once it is out, and the finish reason."""
    field = "refusal" if answer.stop == "refusal" else "content"
    first = {"role": "assistant", "content": None if answer.calls else "", "refusal": None}
    deltas: list[tuple[dict[str, Any], int, str | None]] = [(first, 0, None)]
    deltas += [({field: text}, tokens, None) for text, tokens in split_tokens(answer.text)]
    said = deltas[-1][1]
    for index, call in enumerate(answer.calls):
        whole = render_call(call)
        opening = {**whole, "index": index, "function": {"name": call.name, "arguments": ""}}
        deltas.append(({"tool_calls": [opening]}, said, None))
        for text, tokens in split_tokens(call.arguments):
            part = {"index": index, "function": {"arguments": text}}
            deltas.append(({"tool_calls": [part]}, said + tokens, None))
        said = deltas[-1][1]
    return [*deltas, ({}, said, STOPS.get(answer.stop, answer.stop))]
