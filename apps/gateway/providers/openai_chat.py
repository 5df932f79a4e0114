"""A chat completion, plain or streamed: put together it is the same."""

from collections.abc import Mapping
from typing import Any

from apps.gateway.providers.errors import ConnectionLost
from apps.gateway.providers.json_body import decode_json
from apps.gateway.providers.port import OnChoice, OnText
from apps.gateway.providers.reach import REACH, Reach
from apps.gateway.providers.status_errors import told_error
from apps.gateway.providers.told_choice import told_index, told_reason, told_text
from apps.gateway.providers.transport import Transport
from apps.gateway.providers.wire_errors import reading_answer

_PATH = "chat/completions"
_STREAMED: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}
_END = b"[DONE]"


def openai_transport(*, api_key: str, base_url: str, reach: Reach = REACH) -> Transport:
    """Connections to whoever speaks OpenAI's format at `base_url`, which ends in its version."""
    return Transport(
        base_url=base_url,
        headers={"Authorization": f"Bearer {api_key}"},
        secret=api_key,
        reach=reach,
    )


async def ask_chat(
    transport: Transport,
    body: dict[str, Any],
    *,
    on_text: OnText | None,
    on_choice: OnChoice | None = None,
    headers: Mapping[str, str],
    until: float,
) -> Any:
    """The answer to `body`, a ChatCompletion as JSON; streamed, and told as it comes, if there is
    an `on_text` or an `on_choice`. Raises ProviderError."""
    if on_text is None and on_choice is None:
        return await transport.post_json(_PATH, body, headers=headers, until=until)
    parts = _Parts(on_text, on_choice)
    await transport.stream(
        _PATH, {**body, **_STREAMED}, headers=headers, until=until, listener=parts
    )
    with reading_answer():
        return parts.whole()


class _Parts:
    def __init__(self, on_text: OnText | None, on_choice: OnChoice | None) -> None:
        self._on_text = on_text
        self._on_choice = on_choice
        self._content: list[str] = []
        self._refusal: list[str] = []
        self._calls: dict[int, dict[str, Any]] = {}
        self._finish_reason: str | None = None
        self._usage: Any = None
        self._has_begun = False

    def add(self, data: bytes) -> bool:
        """Take an event in; whether it is the end mark."""
        if data.startswith(_END):
            return True
        chunk = decode_json(data)
        if error := chunk.get("error"):
            raise told_error(error, has_begun=self._has_begun)
        self._has_begun = True
        self._usage = chunk.get("usage") or self._usage
        if choices := chunk.get("choices"):
            self._add_choice(choices[0])
        return False

    @property
    def has_said(self) -> bool:
        return bool(self._content or self._refusal or self._calls)

    def whole(self) -> dict[str, Any]:
        if self._finish_reason is None:
            raise ConnectionLost("The stream ended before the answer did.")
        message = {
            "role": "assistant",
            "content": "".join(self._content) or None,
            "refusal": "".join(self._refusal) or None,
            "tool_calls": [self._calls[index] for index in sorted(self._calls)] or None,
        }
        choice = {"index": 0, "finish_reason": self._finish_reason, "message": message}
        return {"choices": [choice], "usage": self._usage}

    def _add_choice(self, choice: dict[str, Any]) -> None:
        reason = choice["finish_reason"] = told_reason(choice.get("finish_reason"))
        self._finish_reason = reason or self._finish_reason
        delta = choice.get("delta") or {}
        for call in delta.get("tool_calls") or ():
            self._add_call(call)
        if content := told_text(delta.get("content")):
            self._content.append(content)
        if refusal := told_text(delta.get("refusal")):
            self._refusal.append(refusal)
        if self._on_choice is not None:
            self._on_choice(choice)
        if self._on_text is not None and (text := content or refusal):
            self._on_text(text)

    def _add_call(self, part: dict[str, Any]) -> None:
        """The first part of a call has its id and its name, each one a piece of its arguments."""
        index = told_index(part.get("index"))
        call = self._calls.get(index)
        if call is None:
            part["id"] = told_text(part.get("id")) or f"call_{index}"
            function = {"name": "", "arguments": ""}
            call = self._calls[index] = {"type": "function", "function": function}
        call["id"] = part.get("id") or call["id"]
        said = part.get("function") or {}
        for name in ("name", "arguments"):
            call["function"][name] += told_text(said.get(name))
