"""An answer as the events of OpenAI's response."""

from typing import Any

from apps.gateway.contracts import Usage
from apps.gateway.doors.refusals import Refusal
from apps.gateway.doors.response_answer import ending_of, head_of, item_id, usage_of
from apps.gateway.doors.response_output import ComingCall, ComingMessage, Events, logprobs_of
from apps.gateway.doors.stream_teller import StreamTeller
from apps.gateway.providers.json_body import encode_json
from apps.gateway.services.attempt import Job
from apps.gateway.services.routes import Target


class ResponseTeller(StreamTeller):
    """One item after the other: a message, then each tool call. `told` are the parameters of the
    request that a response repeats."""

    def __init__(self, job: Job, *, told: dict[str, Any]) -> None:
        super().__init__()
        self._job = job
        self._told = told
        self._model = ""
        self._number = 0
        self._call = -1
        self._coming: ComingMessage | ComingCall | None = None
        self._output: list[dict[str, Any]] = []
        self._finish_reason: str | None = None

    def begin(self, target: Target) -> None:
        super().begin(target)
        self._model = target.model

    def render(self, choice: dict[str, Any]) -> bytes:
        delta = choice.get("delta") or {}
        events = self._begin()
        if text := delta.get("content"):
            events += self._say("output_text", text, choice)
        if refusal := delta.get("refusal"):
            events += self._say("refusal", refusal, choice)
        for call in delta.get("tool_calls") or ():
            events += self._add_call(call)
        self._finish_reason = choice.get("finish_reason") or self._finish_reason
        return self._encode(events)

    def render_end(self, usage: Usage) -> bytes:
        ending = ending_of(self._finish_reason)
        events = self._begin()
        if self._coming is None:
            events += self._say("output_text", "", {})
        events += self._end_item(ending["status"])
        whole = {**self._response(), **ending, "usage": usage_of(usage)}
        return self._encode([*events, (f"response.{ending['status']}", {"response": whole})])

    def render_failure(self, refusal: Refusal) -> bytes:
        error = {"code": "server_error", "message": refusal.message}
        failed = {**self._response(), "status": "failed", "error": error}
        return self._encode([*self._begin(), ("response.failed", {"response": failed})])

    def _begin(self) -> Events:
        if self._number:
            return []
        begun = {"response": {**self._response(), "status": "in_progress"}}
        return [("response.created", begun), ("response.in_progress", begun)]

    def _response(self) -> dict[str, Any]:
        return {**head_of(self._job, self._model, told=self._told), "output": [*self._output]}

    def _say(self, kind: str, piece: str, choice: dict[str, Any]) -> Events:
        events: Events = []
        if not isinstance(self._coming, ComingMessage):
            at = self._next()
            events = self._open(ComingMessage(item_id(self._job, "msg", at), at))
        assert isinstance(self._coming, ComingMessage)
        return events + self._coming.add(kind, piece, logprobs_of(choice))

    def _add_call(self, call: dict[str, Any]) -> Events:
        """The first part of a call has its id and its name, each one a piece of its arguments."""
        function = call.get("function") or {}
        events: Events = []
        number = call.get("index") or 0
        if number != self._call:
            self._call = number
            head = {"id": call.get("id") or f"call_{number}", "name": function.get("name") or ""}
            at = self._next()
            events = self._open(ComingCall(item_id(self._job, "fc", at), at, head))
        assert isinstance(self._coming, ComingCall)
        if arguments := function.get("arguments"):
            events += self._coming.add(arguments)
        return events

    def _next(self) -> int:
        """The place in the output of the item that begins after the one that is coming."""
        return len(self._output) + (self._coming is not None)

    def _open(self, item: ComingMessage | ComingCall) -> Events:
        ended = self._end_item("completed")
        self._coming = item
        return ended + item.begin()

    def _end_item(self, status: str) -> Events:
        if self._coming is None:
            return []
        item, events = self._coming.end(status)
        self._output.append(item)
        self._coming = None
        return events

    def _encode(self, events: Events) -> bytes:
        return b"".join(self._event(kind, data) for kind, data in events)

    def _event(self, kind: str, data: dict[str, Any]) -> bytes:
        told = {"type": kind, "sequence_number": self._number, **data}
        self._number += 1
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), encode_json(told))
