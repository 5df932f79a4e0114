"""An emulated answer as the choice of an OpenAI completion, whole or in pieces."""

from typing import Any

from apps.gateway.contracts import Completion
from apps.gateway.providers.json_body import encode_json
from apps.gateway.providers.port import OnChoice, OnText


def choice_of(completion: Completion) -> dict[str, Any]:
    """The choice that says what the completion does."""
    message: dict[str, Any] = {
        "role": "assistant",
        "content": None if completion.tool_calls else completion.text,
        "refusal": None,
    }
    if completion.tool_calls:
        message["tool_calls"] = _calls(completion)
    reason = completion.stop_reason
    return {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}


def text_teller(on_choice: OnChoice) -> OnText:
    """Tells pieces of a text as choices."""

    def on_text(text: str) -> None:
        on_choice(_piece({"content": text}))

    return on_text


def tell_end(completion: Completion, on_choice: OnChoice) -> None:
    """The calls of a completion whose text has been told, and why it ended."""
    calls = [{"index": number, **call} for number, call in enumerate(_calls(completion))]
    if calls:
        on_choice(_piece({"role": "assistant", "content": None, "tool_calls": calls}))
    on_choice(_piece({}, completion.stop_reason))


def _calls(completion: Completion) -> list[dict[str, Any]]:
    return [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": encode_json(call.arguments).decode()},
        }
        for call in completion.tool_calls
    ]


def _piece(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
