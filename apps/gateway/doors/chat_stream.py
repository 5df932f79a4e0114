"""An answer as OpenAI's chunks, sent while it comes."""

import asyncio
from typing import Any

from apps.gateway.contracts import Usage
from apps.gateway.doors.chat_answer import completion_id, usage_of
from apps.gateway.providers.json_body import encode_json
from apps.gateway.services.attempt import Job
from apps.gateway.services.routes import Target
from apps.gateway.services.telling import said_in

DONE = b"data: [DONE]\n\n"


class ChunkTeller:
    """A Teller of one call. What it is told waits until `take` fetches it; the parts before the
    first that says something are kept back, so that another provider may still answer."""

    on_text = None

    def __init__(self, job: Job, *, has_usage: bool) -> None:
        self.is_told = False
        self.target: Target | None = None
        self.attempts = 0
        self.is_fallback = False
        self._head = {
            "id": completion_id(job.owner.call_id),
            "object": "chat.completion.chunk",
            "created": int(job.at.timestamp()),
            "model": "",
        }
        self._has_usage = has_usage
        self._kept: list[dict[str, Any]] = []
        self._ready: list[bytes] = []
        self._is_ready = asyncio.Event()

    def begin(self, target: Target) -> None:
        before, self.target = self.target, target
        if before is not None and before.provider is not target.provider:
            self.is_fallback = True
        self.attempts += 1
        self._head["model"] = target.model

    def on_choice(self, choice: dict[str, Any]) -> None:
        """Take a part of the answer."""
        if self.is_told:
            self._add(choice)
        elif said_in(choice.get("delta") or {}):
            self._tell_kept()
            self._add(choice)
        else:
            self._kept.append(choice)

    def void(self) -> None:
        self._kept.clear()

    async def close(self) -> None:
        """Nothing is left that `take` or `finish` would not give."""

    def wake(self) -> None:
        """All is over: `take` waits no longer."""
        self._is_ready.set()

    async def take(self) -> bytes:
        """The chunks that have come since the last time, as soon as there are some; nothing at the
        end."""
        await self._is_ready.wait()
        taken, self._ready = b"".join(self._ready), []
        self._is_ready.clear()
        return taken

    def finish(self, usage: Usage) -> bytes:
        """The last events of an answer that is whole."""
        if not self.is_told:
            self._tell_kept()
        events, self._ready = self._ready, []
        if self._has_usage:
            events.append(self._event([], usage=usage_of(usage)))
        return b"".join([*events, DONE])

    def _tell_kept(self) -> None:
        self.is_told = True
        for choice in self._kept:
            self._add(choice)
        self._kept.clear()

    def _add(self, choice: dict[str, Any]) -> None:
        told = {
            "index": 0,
            "delta": choice.get("delta") or {},
            "logprobs": choice.get("logprobs"),
            "finish_reason": choice.get("finish_reason"),
        }
        self._ready.append(self._event([told]))
        self._is_ready.set()

    def _event(self, choices: list[dict[str, Any]], *, usage: Any = None) -> bytes:
        chunk = {**self._head, "choices": choices}
        if self._has_usage:
            chunk["usage"] = usage
        return b"data: " + encode_json(chunk) + b"\n\n"


def error_event(body: dict[str, Any]) -> bytes:
    """What ends a stream that broke: clients raise it."""
    return b"data: " + encode_json(body) + b"\n\n"
