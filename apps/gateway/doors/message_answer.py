"""A call's answer as Anthropic's message, whole or in events."""

from typing import Any, Final

from apps.gateway.contracts import Usage
from apps.gateway.doors.refusals import Refusal
from apps.gateway.doors.stream_teller import StreamTeller
from apps.gateway.providers.json_body import encode_json
from apps.gateway.providers.tool_arguments import decode_arguments
from apps.gateway.services.attempt import Completed, Job
from apps.gateway.services.routes import Target
from apps.gateway.services.telling import usage_in

_STOP_REASONS: Final = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}


def message_of(job: Job, completed: Completed) -> dict[str, Any]:
    """The Message."""
    assert completed.choice is not None
    said = completed.choice["message"]
    text = said.get("content") or said.get("refusal") or ""
    content: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
    content += [
        {
            "type": "tool_use",
            "id": call["id"],
            "name": call["function"]["name"],
            "input": decode_arguments(call["function"]["arguments"]),
        }
        for call in said.get("tool_calls") or ()
    ]
    return {
        **_head(job, completed.completion.model),
        "content": content,
        **_stop(completed.choice),
        "usage": usage_of(completed.completion.usage),
    }


def usage_of(usage: Usage) -> dict[str, Any]:
    """Tokens in Anthropic's words: those of the prompt in three parts."""
    return {
        "input_tokens": usage.prompt_tokens - usage.cached_tokens - usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cached_tokens,
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write_tokens - usage.cache_write_hour_tokens,
            "ephemeral_1h_input_tokens": usage.cache_write_hour_tokens,
        },
        "output_tokens": usage.completion_tokens,
    }


class MessageTeller(StreamTeller):
    """One block after the other: a text, then each tool call."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self._job = job
        self._model = ""
        self._has_begun = False
        self._block = -1
        self._open = ""
        self._call = -1
        self._ending: dict[str, Any] = {"stop_reason": "end_turn", "stop_sequence": None}

    def begin(self, target: Target) -> None:
        super().begin(target)
        self._model = target.model

    def render(self, choice: dict[str, Any]) -> bytes:
        delta = choice.get("delta") or {}
        events = [self._begin(usage_in(choice))]
        if text := delta.get("content") or delta.get("refusal"):
            events += [self._open_text(), self._delta({"type": "text_delta", "text": text})]
        events += [self._tell_call(call) for call in delta.get("tool_calls") or ()]
        if choice.get("finish_reason"):
            self._ending = _stop(choice)
        return b"".join(events)

    def render_end(self, usage: Usage) -> bytes:
        ended = _event("message_delta", delta=self._ending, usage=usage_of(usage))
        return self._begin() + self._close() + ended + _event("message_stop")

    def render_failure(self, refusal: Refusal) -> bytes:
        body = refusal.anthropic_body(request_id=str(self._job.owner.call_id))
        return b"event: error\ndata: " + encode_json(body) + b"\n\n"

    def _begin(self, told: Usage | None = None) -> bytes:
        if self._has_begun:
            return b""
        self._has_begun = True
        nothing = {"stop_reason": None, "stop_sequence": None}
        usage = usage_of(told or Usage(prompt_tokens=0, completion_tokens=0))
        message = {**_head(self._job, self._model), "content": [], **nothing, "usage": usage}
        return _event("message_start", message=message)

    def _open_text(self) -> bytes:
        return b"" if self._open == "text" else self._open_block({"type": "text", "text": ""})

    def _tell_call(self, call: dict[str, Any]) -> bytes:
        function, events = call.get("function") or {}, b""
        number = call.get("index") or 0
        if number != self._call:
            self._call = number
            head = {"type": "tool_use", "id": call.get("id"), "name": function.get("name")}
            events = self._open_block({**head, "input": {}})
        if arguments := function.get("arguments"):
            events += self._delta({"type": "input_json_delta", "partial_json": arguments})
        return events

    def _open_block(self, block: dict[str, Any]) -> bytes:
        closed = self._close()
        self._block += 1
        self._open = block["type"]
        return closed + _event("content_block_start", index=self._block, content_block=block)

    def _delta(self, delta: dict[str, Any]) -> bytes:
        return _event("content_block_delta", index=self._block, delta=delta)

    def _close(self) -> bytes:
        if not self._open:
            return b""
        self._open = ""
        return _event("content_block_stop", index=self._block)


def _head(job: Job, model: str) -> dict[str, Any]:
    name = f"msg_{job.owner.call_id.hex}"
    return {"id": name, "type": "message", "role": "assistant", "model": model}


def _stop(choice: dict[str, Any]) -> dict[str, Any]:
    sequence = choice.get("stop_sequence")
    reason = _STOP_REASONS.get(choice.get("finish_reason") or "stop", "end_turn")
    return {
        "stop_reason": "stop_sequence" if sequence else reason,
        "stop_sequence": sequence,
    }


def _event(kind: str, **data: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), encode_json({"type": kind, **data}))
