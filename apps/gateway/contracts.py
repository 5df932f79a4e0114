"""Values that cross the border of the gateway: one request and one answer for every provider."""

import operator
from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

StopReason = Literal["stop", "length", "tool_calls", "content_filter"]
CacheTime = Literal["5m", "1h"]
"""For how long a provider that caches prompts on request keeps one."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ToolUse(_Value):
    """A model's wish to call a tool. `arguments` is decoded JSON."""

    id: str
    name: str
    arguments: dict[str, Any]


class Part(_Value):
    """A piece of a message: a text, or an image or a PDF by its https or data URL. `ends_cache`: a
    provider that caches prompts on request does so up to here. `cache_breakpoint` is the same in
    OpenAI's words, which it is sent as it is."""

    text: str = ""
    image_url: str | None = None
    detail: Literal["auto", "low", "high"] = "auto"
    pdf_url: str | None = None
    file_name: str = ""
    ends_cache: CacheTime | None = None
    cache_breakpoint: dict[str, Any] | None = None

    @property
    def is_plain(self) -> bool:
        """Whether its text is all of it."""
        return not (self.is_shown or self.ends_cache or self.cache_breakpoint)

    @property
    def is_shown(self) -> bool:
        """Whether it is more to look at than a text."""
        return self.image_url is not None or self.pdf_url is not None


class Message(_Value):
    """One message of a conversation. `tool_call_id` answers the ToolUse of that id, `is_error` says
    that the tool failed. Where it has more than texts, `parts` is all of it in order, and `content`
    the texts of them. `ends_cache` is to the whole of it what it is to a part."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str = ""
    parts: tuple[Part, ...] = ()
    name: str | None = None
    tool_calls: tuple[ToolUse, ...] = ()
    tool_call_id: str | None = None
    is_error: bool = False
    ends_cache: CacheTime | None = None

    @property
    def shown(self) -> tuple[Part, ...]:
        """Its images and PDFs."""
        return tuple(part for part in self.parts if part.is_shown)


class ToolSpec(_Value):
    """A tool that the model may call; `parameters` is a JSON schema of an object. `strict`: the
    model is held to it where the provider can; None is the provider's own choice."""

    name: str
    description: str
    parameters: dict[str, Any]
    strict: bool | None = None


class CompletionRequest(_Value):
    """One model call. `model` is an alias that routes map to providers.

    `min_tool_calls` is enforced where the provider's output is constrained by a grammar (the local
    model) and a hint elsewhere. `critical` false allows the local fallback. `is_mended`: an answer
    that breaks the response_schema is given back as it is, for the caller to have it mended.
    `is_streamed`: the text is told while it comes to whoever follows the run.

    `tool_name` is the one tool that must be called. `options` are further wishes by OpenAI's names,
    of which a provider is sent those that it has. `is_verbatim`: the answer is given back as the
    model said it, held against no schema. `caches_tools` is to `tools` what `ends_cache` is to a
    message.
    """

    model: str = "default"
    messages: tuple[Message, ...] = Field(min_length=1)
    tools: tuple[ToolSpec, ...] = ()
    tool_choice: Literal["auto", "required", "none"] = "auto"
    min_tool_calls: int = Field(1, ge=1, le=8)
    response_schema: dict[str, Any] | None = None
    max_tokens: int | None = Field(None, ge=1)
    temperature: float | None = Field(None, ge=0, le=2)
    critical: bool = True
    is_mended: bool = False
    is_streamed: bool = False
    tool_name: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    is_verbatim: bool = False
    caches_tools: CacheTime | None = None

    @property
    def caches_for_hour(self) -> bool:
        """Whether some of the prompt may be written to a cache for an hour."""
        return self.caches_tools == "1h" or any(
            one.ends_cache == "1h" or any(part.ends_cache == "1h" for part in one.parts)
            for one in self.messages
        )


class EmbeddingRequest(_Value):
    """One call of a model that turns `inputs`, each a text or a list of token ids, into a vector
    each, of 32-bit floats: a list of numbers or, if `is_packed`, in base64. `bound_tokens` is an
    upper bound of all their tokens, `options` are further wishes by OpenAI's names. Such a call
    answers with no tokens and is made over HTTP alone."""

    max_tokens: ClassVar[int] = 0
    critical: ClassVar[bool] = True
    is_streamed: ClassVar[bool] = False
    is_verbatim: ClassVar[bool] = True
    caches_for_hour: ClassVar[bool] = False

    model: str
    inputs: tuple[Any, ...] = Field(min_length=1)
    bound_tokens: int
    dimensions: int | None = None
    is_packed: bool = False
    options: dict[str, Any] = Field(default_factory=dict)


ModelRequest = CompletionRequest | EmbeddingRequest


class Usage(_Value):
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


class Completion(_Value):
    """A normalised answer. `parsed` is the decoded text when a response_schema was asked for; None
    if it breaks the schema and the caller mends it."""

    text: str
    tool_calls: tuple[ToolUse, ...] = ()
    parsed: Any = None
    stop_reason: StopReason
    usage: Usage
    provider: str
    model: str


class TextDelta(_Value):
    """The next piece of a running call's text. `offset` is how many characters of it came before;
    with 0 the text begins anew, and what was told of the call until then is void."""

    call_id: UUID
    step_id: UUID
    offset: int
    text: str


class ModelUsage(_Value):
    """What one model used in a run, over `attempts` provider attempts. Unknown cost is None."""

    provider: str
    model: str
    attempts: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cost_nanos: int | None


class RunUsage(_Value):
    """What the model calls of one run used, by kind of token and by model."""

    calls: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cost_nanos: int | None
    models: tuple[ModelUsage, ...] = ()

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


GroupKey = Literal["day", "provider", "model", "user_id", "api_key_id", "run_id"]


class UsageQuestion(_Value):
    """Usage from the day `since` to before the day `until`, in the time zone, summed up by
    `group_by` and narrowed to `only`. Up to `limit` groups in the order of their keys; those after
    the group whose keys are `after`, if it names one."""

    tenant_id: UUID
    time_zone: str
    since: date
    until: date
    group_by: tuple[GroupKey, ...] = Field(min_length=1)
    only: dict[GroupKey, str | UUID] = Field(default_factory=dict)
    after: tuple[str, ...] = ()
    limit: int


class UsageSums(_Value):
    """What the attempts of one group used; of all, without a `key`. `known_cost_nanos` is the cost
    of those whose price is known."""

    key: dict[GroupKey, str | None]
    attempts: int
    attempts_without_price: int
    attempts_unconfirmed: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    known_cost_nanos: int

    @property
    def cost_nanos(self) -> int | None:
        """None as soon as one price is not known."""
        return None if self.attempts_without_price else self.known_cost_nanos


class Usages(_Value):
    """One page of groups, and the sums over every group."""

    groups: tuple[UsageSums, ...]
    total: UsageSums
    has_more: bool
