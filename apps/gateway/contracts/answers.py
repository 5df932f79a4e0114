"""What a model answers, the same from every provider."""

import operator
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from apps.gateway.contracts.requests import ToolUse
from apps.gateway.contracts.value import Value

StopReason = Literal["stop", "length", "tool_calls", "content_filter"]


class Usage(Value):
    """Tokens of one provider attempt. Cached and cache-write tokens are parts of prompt_tokens,
    reasoning tokens a part of completion_tokens; what was written to a cache for an hour is a part
    of cache_write_tokens."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    # Left out where it is zero, so that who does not know it yet can read what most answers used.
    cache_write_hour_tokens: int = Field(0, exclude_if=operator.not_)
    reasoning_tokens: int = 0

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


class Completion(Value):
    """A normalised answer. `parsed` is the decoded text when a response_schema was asked for; None
    if it breaks the schema and the caller mends it."""

    text: str
    tool_calls: tuple[ToolUse, ...] = ()
    parsed: Any = None
    stop_reason: StopReason
    usage: Usage
    provider: str
    model: str


class TextDelta(Value):
    """The next piece of a running call's text. `offset` is how many characters of it came before;
    with 0 the text begins anew, and what was told of the call until then is void."""

    call_id: UUID
    step_id: UUID
    offset: int
    text: str
