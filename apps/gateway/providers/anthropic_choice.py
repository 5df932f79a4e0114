"""An answer of Anthropic's as the choice of an OpenAI completion, whole or in pieces. Beside the
choice's own parts are what ended it, as `stop_sequence`, and in the first piece what its prompt
used, as `usage`: a Usage."""

from typing import Any

from apps.gateway.contracts import StopReason, Usage
from apps.gateway.providers.json_body import encode_json
from apps.gateway.providers.port import OnChoice
from apps.gateway.providers.told_choice import told_text

STOP_REASONS: dict[str | None, StopReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


def choice_of(response: dict[str, Any]) -> dict[str, Any]:
    """The choice that says what this Message does."""
    blocks = response["content"]
    text = "".join(block["text"] for block in blocks if block["type"] == "text")
    calls = [_call(block) for block in blocks if block["type"] == "tool_use"]
    message: dict[str, Any] = {"role": "assistant", "content": text or None, "refusal": None}
    if calls:
        message["tool_calls"] = calls
    elif not text:
        message["content"] = ""
    return {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": STOP_REASONS.get(response.get("stop_reason"), "stop"),
        "stop_sequence": told_text(response.get("stop_sequence")) or None,
    }


class ChoiceTeller:
    """Tells the pieces of one streamed Message."""

    def __init__(self, on_choice: OnChoice) -> None:
        self._on_choice = on_choice
        self._calls: dict[int, int] = {}
        """The number of a tool call by that of its block."""

    def begin(self, usage: Usage | None) -> None:
        """The prompt was read; `usage` is what that took, if it is known."""
        self._tell({"role": "assistant", "content": ""}, usage=usage)

    def text(self, text: str) -> None:
        self._tell({"content": text})

    def call(self, block: int, *, call_id: str, name: str) -> None:
        """A tool call begins in this block."""
        number = self._calls.setdefault(block, len(self._calls))
        function = {"name": name, "arguments": ""}
        head = {"index": number, "id": call_id, "type": "function", "function": function}
        self._tell({"tool_calls": [head]})

    def arguments(self, block: int, text: str) -> None:
        """The next piece of the arguments of this block's tool call."""
        part = {"index": self._calls[block], "function": {"arguments": text}}
        self._tell({"tool_calls": [part]})

    def end(self, stop_reason: str, stop_sequence: str | None) -> None:
        self._tell(
            {},
            finish_reason=STOP_REASONS.get(stop_reason, "stop"),
            stop_sequence=told_text(stop_sequence) or None,
        )

    def _tell(self, delta: dict[str, Any], **beside: Any) -> None:
        self._on_choice(
            {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None, **beside}
        )


def _call(block: dict[str, Any]) -> dict[str, Any]:
    told = block["input"]
    arguments = told if isinstance(told, str) else encode_json(told).decode()
    return {
        "id": told_text(block["id"]),
        "type": "function",
        "function": {"name": told_text(block["name"]), "arguments": arguments or "{}"},
    }
