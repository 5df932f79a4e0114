"""One request and one answer, whichever wire they travel on."""

from dataclasses import dataclass, field
from typing import Any, Literal

REQUEST_ID = "@request-id@"
"""Stands for the request's id in rendered answers, which are rendered once and sent often."""

CREATED = 1_700_000_000
"""The creation time that every answer names: answers are deterministic."""

Stop = Literal["stop", "length", "tool_calls", "stop_sequence", "content_filter", "refusal"]


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A tool that may be called; `parameters` is the JSON schema of its arguments."""

    name: str
    parameters: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What matters of a request. `tool_choice` is auto, none, required or one tool's name with a
    leading "=". `rounds` counts the rounds of tool calls since the user last spoke. `body` is the
    whole request."""

    model: str
    prompt_tokens: int
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    is_parallel: bool = True
    rounds: int = 0
    schema: dict[str, Any] | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    choices: int = 1
    is_streamed: bool = False
    has_stream_usage: bool = True
    body: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Call:
    """A wish to call a tool. `arguments` is JSON text, wrong when a fault wants it so."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Billed tokens. Cached and cache-written tokens are a part of prompt_tokens, those written for
    an hour a part of the latter, reasoning tokens a part of completion_tokens."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_hour_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the model says, before it has a wire format."""

    text: str
    calls: tuple[Call, ...]
    stop: Stop
    usage: Usage
    stop_sequence: str | None = None


@dataclass(frozen=True)
class Piece:
    """One event of a stream, and the completion tokens that were streamed when it has gone out."""

    data: bytes
    completion_tokens: int
