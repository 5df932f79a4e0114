"""A chat completion, plain or streamed: put together it is the same."""

from typing import Any, cast

from openai import AsyncOpenAI, AsyncStream
from openai.types.chat import ChatCompletion

from apps.gateway.providers.errors import ConnectionLost
from apps.gateway.providers.port import OnText

_STREAMED: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}


async def ask_chat(
    client: AsyncOpenAI, body: dict[str, Any], on_text: OnText | None
) -> ChatCompletion:
    """The answer to `body`; streamed, with its text told as it comes, if there is an `on_text`.

    Raises what the SDK raises, and ConnectionLost for a stream that ends before the answer does.
    """
    if on_text is None:
        return cast("ChatCompletion", await client.chat.completions.create(**body))
    parts = _Parts()
    async with await _open(client, body) as chunks:
        async for chunk in chunks:
            if text := parts.add(chunk):
                on_text(text)
    return parts.whole()


async def _open(client: AsyncOpenAI, body: dict[str, Any]) -> AsyncStream[object]:
    """The chunks as plain JSON: the SDK's models of them would cost more than all else."""
    sent = {**body, **_STREAMED}
    timeout, headers = sent.pop("timeout"), sent.pop("extra_headers")
    return await client.post(
        "/chat/completions",
        cast_to=object,
        body=sent,
        options={"timeout": timeout, "headers": headers},
        stream=True,
        stream_cls=AsyncStream[object],
    )


class _Parts:
    def __init__(self) -> None:
        self._content: list[str] = []
        self._refusal: list[str] = []
        self._calls: dict[int, dict[str, Any]] = {}
        self._finish_reason: str | None = None
        self._usage: Any = None

    def add(self, chunk: Any) -> str:
        """The text of the chunk."""
        self._usage = chunk.get("usage") or self._usage
        if not (choices := chunk.get("choices")):
            return ""
        self._finish_reason = choices[0].get("finish_reason") or self._finish_reason
        delta = choices[0].get("delta") or {}
        for call in delta.get("tool_calls") or ():
            self._add_call(call)
        content, refusal = delta.get("content") or "", delta.get("refusal") or ""
        self._content.append(content)
        self._refusal.append(refusal)
        return content or refusal

    def whole(self) -> ChatCompletion:
        if self._finish_reason is None:
            raise ConnectionLost("The stream ended before the answer did.")
        message = {
            "role": "assistant",
            "content": "".join(self._content) or None,
            "refusal": "".join(self._refusal) or None,
            "tool_calls": [self._calls[index] for index in sorted(self._calls)] or None,
        }
        choice = {"index": 0, "finish_reason": self._finish_reason, "message": message}
        return ChatCompletion.construct(choices=[choice], usage=self._usage)

    def _add_call(self, part: dict[str, Any]) -> None:
        """The first part of a call has its id and its name, each one a piece of its arguments."""
        function = {"name": "", "arguments": ""}
        call = self._calls.setdefault(
            part.get("index") or 0, {"id": "", "type": "function", "function": function}
        )
        call["id"] = part.get("id") or call["id"]
        said = part.get("function") or {}
        for name in function:
            call["function"][name] += said.get(name) or ""
