"""A message, plain or streamed: put together it is the same."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.gateway.providers.anthropic_choice import ChoiceTeller
from apps.gateway.providers.anthropic_usage import read_usage
from apps.gateway.providers.errors import ConnectionLost
from apps.gateway.providers.json_body import decode_json
from apps.gateway.providers.port import OnChoice, OnText
from apps.gateway.providers.reach import REACH, Reach
from apps.gateway.providers.status_errors import told_error
from apps.gateway.providers.told_choice import told_index, told_text
from apps.gateway.providers.transport import Transport
from apps.gateway.providers.wire_errors import reading_answer

_PATH = "v1/messages"
_VERSION = "2026-10-21"


def anthropic_transport(*, api_key: str, base_url: str, reach: Reach = REACH) -> Transport:
    """Connections to whoever speaks Anthropic's format at `base_url`."""
    return Transport(
        base_url=base_url,
        headers={"Authorization": f"Bearer {api_key}", "anthropic-version": _VERSION},
        secret=api_key,
        reach=reach,
    )


async def ask_message(
    transport: Transport,
    body: dict[str, Any],
    *,
    on_text: OnText | None,
    on_choice: OnChoice | None = None,
    headers: Mapping[str, str],
    until: float,
) -> Any:
    """The answer to `body`, a Message as JSON; streamed, and told as it comes, if there is an
    `on_text` or an `on_choice`: the input of a tool call is then left as text, which may be no
    JSON. Raises ProviderError."""
    if on_text is None and on_choice is None:
        return await transport.post_json(_PATH, body, headers=headers, until=until)
    parts = _Parts(on_text, on_choice)
    await transport.stream(
        _PATH, {**body, "stream": True}, headers=headers, until=until, listener=parts
    )
    with reading_answer():
        return parts.whole()


@dataclass
class _Block:
    """A text or a tool call; `parts` are its text or its input's."""

    head: dict[str, Any]
    parts: list[str] = field(default_factory=list)


class _Parts:
    def __init__(self, on_text: OnText | None, on_choice: OnChoice | None) -> None:
        self._on_text = on_text
        self._teller = ChoiceTeller(on_choice) if on_choice else None
        self._blocks: dict[int, _Block] = {}
        self._stop_reason: str | None = None
        self._usage: dict[str, Any] = {}
        self._is_metered = False
        self._has_begun = False

    def add(self, data: bytes) -> bool:
        """Take an event in; whether it is the last one."""
        event = decode_json(data)
        kind = event["type"]
        if kind == "content_block_delta":
            self._extend(event["index"], event["delta"])
        elif kind == "content_block_start":
            self._open(event["index"], event["content_block"])
        elif kind == "message_start":
            self._has_begun = True
            self._count(event["message"].get("usage"))
            if self._teller:
                self._teller.begin(read_usage(self._usage))
        elif kind == "message_delta":
            self._stop(event["delta"])
            # The usage of the start knows one token of the answer; without this one nobody knows.
            self._is_metered = self._count(event.get("usage"))
        elif kind == "error":
            raise told_error(event["error"], has_begun=self._has_begun)
        return bool(kind == "message_stop")

    @property
    def has_said(self) -> bool:
        return bool(self._blocks)

    def whole(self) -> dict[str, Any]:
        if self._stop_reason is None:
            raise ConnectionLost("The stream ended before the answer did.")
        return {
            "content": [_content(block) for _, block in sorted(self._blocks.items())],
            "stop_reason": self._stop_reason,
            "usage": self._usage if self._is_metered else None,
        }

    def _open(self, index: int, block: dict[str, Any]) -> None:
        index = told_index(index)
        if block["type"] == "text":
            self._blocks[index] = _Block({"type": "text"})
            self._say(index, block["text"])
        elif block["type"] == "tool_use":
            call_id, name = told_text(block["id"]), told_text(block["name"])
            self._blocks[index] = _Block({"type": "tool_use", "id": call_id, "name": name})
            if self._teller:
                self._teller.call(index, call_id=call_id, name=name)

    def _extend(self, index: int, delta: dict[str, Any]) -> None:
        if delta["type"] == "text_delta":
            self._say(index, delta["text"])
        elif delta["type"] == "input_json_delta":
            self._add_input(index, delta["partial_json"])

    def _add_input(self, index: int, text: str) -> None:
        if self._append(index, text) and self._teller:
            self._teller.arguments(index, text)

    def _say(self, index: int, text: str) -> None:
        if not self._append(index, text):
            return
        if self._on_text is not None:
            self._on_text(text)
        if self._teller:
            self._teller.text(text)

    def _append(self, index: int, text: str) -> bool:
        """Whether it was added: not to a block that we did not ask for, such as thoughts."""
        if not told_text(text) or index not in self._blocks:
            return False
        self._blocks[index].parts.append(text)
        return True

    def _stop(self, delta: dict[str, Any]) -> None:
        reason = delta.get("stop_reason")
        self._stop_reason = reason or self._stop_reason
        if reason and self._teller:
            self._teller.end(reason, delta.get("stop_sequence"))

    def _count(self, usage: dict[str, Any] | None) -> bool:
        """Whether the answer's tokens are known. Numbers are totals: later ones replace."""
        known = {name: value for name, value in (usage or {}).items() if value is not None}
        self._usage |= known
        return "output_tokens" in known


def _content(block: _Block) -> dict[str, Any]:
    name = "text" if block.head["type"] == "text" else "input"
    return {**block.head, name: "".join(block.parts)}
