"""An answer as OpenAI's chunks."""

from typing import Any

from apps.gateway.contracts import Usage
from apps.gateway.doors.chat_answer import completion_id, usage_of
from apps.gateway.doors.refusals import Refusal
from apps.gateway.doors.stream_teller import StreamTeller
from apps.gateway.providers.json_body import encode_json
from apps.gateway.services.attempt import Job
from apps.gateway.services.routes import Target

DONE = b"data: [DONE]\n\n"


class ChunkTeller(StreamTeller):
    """`has_usage`: the client wants a last chunk with the usage."""

    def __init__(self, job: Job, *, has_usage: bool) -> None:
        super().__init__()
        self._head = {
            "id": completion_id(job.owner.call_id),
            "object": "chat.completion.chunk",
            "created": int(job.at.timestamp()),
            "model": "",
        }
        self._has_usage = has_usage

    def begin(self, target: Target) -> None:
        super().begin(target)
        self._head["model"] = target.model

    def render(self, choice: dict[str, Any]) -> bytes:
        told = {
            "index": 0,
            "delta": choice.get("delta") or {},
            "logprobs": choice.get("logprobs"),
            "finish_reason": choice.get("finish_reason"),
        }
        return self._event([told])

    def render_end(self, usage: Usage) -> bytes:
        return (self._event([], usage=usage_of(usage)) if self._has_usage else b"") + DONE

    def render_failure(self, refusal: Refusal) -> bytes:
        return b"data: " + encode_json(refusal.body()) + b"\n\n"

    def _event(self, choices: list[dict[str, Any]], *, usage: Any = None) -> bytes:
        chunk = {**self._head, "choices": choices}
        if self._has_usage:
            chunk["usage"] = usage
        return b"data: " + encode_json(chunk) + b"\n\n"
