"""A message, plain or streamed: put together it is the same."""

from dataclasses import dataclass, field
from typing import Any, cast

from anthropic import AsyncAnthropic
from anthropic.types import Message

from apps.gateway.providers.errors import ConnectionLost
from apps.gateway.providers.port import OnText


async def ask_message(
    client: AsyncAnthropic, body: dict[str, Any], on_text: OnText | None
) -> Message:
    """The answer to `body`; streamed, with its text told as it comes, if there is an `on_text`: the
    input of a tool call is then left as text, which may be no JSON.

    Raises what the SDK raises, and ConnectionLost for a stream that ends before the answer does.
    """
    if on_text is None:
        return cast("Message", await client.messages.create(**body))
    parts = _Parts()
    async with await client.messages.create(**body, stream=True) as events:
        async for event in events:
            if text := parts.add(event):
                on_text(text)
    return parts.whole()


@dataclass
class _Block:
    """A text or a tool call; `parts` are its text or its input's."""

    head: dict[str, Any]
    parts: list[str] = field(default_factory=list)


class _Parts:
    def __init__(self) -> None:
        self._blocks: dict[int, _Block] = {}
        self._stop_reason: str | None = None
        self._usage: dict[str, Any] = {}
        self._is_metered = False

    def add(self, event: Any) -> str:
        """The text of the event."""
        if event.type == "message_start":
            self._count(event.message.usage)
        elif event.type == "content_block_start":
            return self._open(event.index, event.content_block)
        elif event.type == "content_block_delta":
            return self._extend(event.index, event.delta)
        elif event.type == "message_delta":
            self._stop_reason = event.delta.stop_reason or self._stop_reason
            # The usage of the start knows one token of the answer; without this one nobody knows.
            self._is_metered = self._count(event.usage)
        return ""

    def whole(self) -> Message:
        if self._stop_reason is None:
            raise ConnectionLost("The stream ended before the answer did.")
        return Message.construct(
            content=[_content(block) for _, block in sorted(self._blocks.items())],
            stop_reason=self._stop_reason,
            usage=self._usage if self._is_metered else None,
        )

    def _open(self, index: int, block: Any) -> str:
        if block.type == "text":
            self._blocks[index] = _Block({"type": "text"})
            return self._append(index, block.text)
        if block.type == "tool_use":
            self._blocks[index] = _Block({"type": "tool_use", "id": block.id, "name": block.name})
        return ""

    def _extend(self, index: int, delta: Any) -> str:
        if delta.type == "text_delta":
            return self._append(index, delta.text)
        if delta.type == "input_json_delta":
            self._append(index, delta.partial_json)
        return ""

    def _append(self, index: int, text: str) -> str:
        """The text; nothing for a block that we did not ask for, such as thoughts."""
        if index not in self._blocks:
            return ""
        self._blocks[index].parts.append(text)
        return text

    def _count(self, usage: Any) -> bool:
        """Whether the answer's tokens are known. Numbers are totals: later ones replace."""
        known = {} if usage is None else usage.model_dump(warnings=False, exclude_none=True)
        self._usage |= known
        return "output_tokens" in known


def _content(block: _Block) -> dict[str, Any]:
    name = "text" if block.head["type"] == "text" else "input"
    return {**block.head, name: "".join(block.parts)}
