"""The items of a response's output, whole and while they come."""

from typing import Any

Events = list[tuple[str, dict[str, Any]]]
"""The events of a stream, each by its name and what it says."""
Logprobs = list[dict[str, Any]]


def text_part(text: str, logprobs: Logprobs) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": logprobs}


def refusal_part(text: str) -> dict[str, Any]:
    return {"type": "refusal", "refusal": text}


def message_item(item_id: str, content: list[dict[str, Any]], status: str) -> dict[str, Any]:
    """What a model says."""
    head = {"id": item_id, "type": "message", "role": "assistant", "status": status}
    return {**head, "content": content}


def call_item(item_id: str, call: dict[str, Any], arguments: str, status: str) -> dict[str, Any]:
    """A tool call, of which `call` has `id` and `name`."""
    return {
        "id": item_id,
        "type": "function_call",
        "call_id": call["id"],
        "name": call["name"],
        "arguments": arguments,
        "status": status,
    }


def logprobs_of(choice: dict[str, Any]) -> Logprobs:
    """Those of a choice's text; where a provider leaves out the bytes there are none."""
    found = (choice.get("logprobs") or {}).get("content") or ()
    return [
        {
            **_with_bytes(one),
            "top_logprobs": [_with_bytes(other) for other in one.get("top_logprobs") or ()],
        }
        for one in found
    ]


def _with_bytes(one: dict[str, Any]) -> dict[str, Any]:
    return {"token": one["token"], "logprob": one["logprob"], "bytes": one.get("bytes") or []}


class ComingMessage:
    """A message that comes in pieces, at `index` of the output."""

    def __init__(self, item_id: str, index: int) -> None:
        self._id = item_id
        self._index = index
        self._kind = ""
        self._said: list[str] = []
        self._logprobs: Logprobs = []
        self._content: list[dict[str, Any]] = []

    def begin(self) -> Events:
        item = message_item(self._id, [], "in_progress")
        return [("response.output_item.added", {"output_index": self._index, "item": item})]

    def add(self, kind: str, piece: str, logprobs: Logprobs) -> Events:
        """The next piece of its text, or of its refusal."""
        events: Events = []
        if kind != self._kind:
            events = self._end_part()
            self._kind = kind
            part = {**self._part(), "logprobs": []} if kind == "output_text" else self._part()
            events.append(("response.content_part.added", {**self._place(), "part": part}))
        if not piece:
            return events
        self._said.append(piece)
        self._logprobs += logprobs
        told = {**self._place(), "delta": piece}
        if kind == "output_text":
            told["logprobs"] = logprobs
        return [*events, (f"response.{kind}.delta", told)]

    def end(self, status: str) -> tuple[dict[str, Any], Events]:
        """The whole item, and the events that end it."""
        events = self._end_part()
        item = message_item(self._id, self._content, status)
        done = {"output_index": self._index, "item": item}
        return item, [*events, ("response.output_item.done", done)]

    def _end_part(self) -> Events:
        if not self._kind:
            return []
        part, place = self._part(), self._place()
        told = {name: said for name, said in part.items() if name not in ("type", "annotations")}
        self._content.append(part)
        self._said, self._logprobs = [], []
        return [
            (f"response.{self._kind}.done", place | told),
            ("response.content_part.done", {**place, "part": part}),
        ]

    def _part(self) -> dict[str, Any]:
        said = "".join(self._said)
        if self._kind == "refusal":
            return refusal_part(said)
        return text_part(said, self._logprobs)

    def _place(self) -> dict[str, Any]:
        at = len(self._content)
        return {"item_id": self._id, "output_index": self._index, "content_index": at}


class ComingCall:
    """A tool call whose arguments come in pieces; `call` has its `id` and its `name`."""

    def __init__(self, item_id: str, index: int, call: dict[str, Any]) -> None:
        self._id = item_id
        self._index = index
        self._call = call
        self._arguments: list[str] = []

    def begin(self) -> Events:
        item = call_item(self._id, self._call, "", "in_progress")
        return [("response.output_item.added", {"output_index": self._index, "item": item})]

    def add(self, piece: str) -> Events:
        """The next piece of the arguments."""
        self._arguments.append(piece)
        told = {"item_id": self._id, "output_index": self._index, "delta": piece}
        return [("response.function_call_arguments.delta", told)]

    def end(self, status: str) -> tuple[dict[str, Any], Events]:
        """The whole item, and the events that end it."""
        item = call_item(self._id, self._call, "".join(self._arguments), status)
        told = {
            "item_id": self._id,
            "output_index": self._index,
            "name": item["name"],
            "arguments": item["arguments"],
        }
        done = {"output_index": self._index, "item": item}
        return item, [
            ("response.function_call_arguments.done", told),
            ("response.output_item.done", done),
        ]
