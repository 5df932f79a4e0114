"""What a model is asked, the same for every provider."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.gateway.contracts.value import Value

CacheTime = Literal["5m", "1h"]
"""For how long a provider that caches prompts on request keeps one."""


class ToolUse(Value):
    """A model's wish to call a tool. `arguments` is decoded JSON."""

    id: str
    name: str
    arguments: dict[str, Any]


class Part(Value):
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


class Message(Value):
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


class ToolSpec(Value):
    """A tool that the model may call; `parameters` is a JSON schema of an object. `strict`: the
    model is held to it where the provider can; None is the provider's own choice."""

    name: str
    description: str
    parameters: dict[str, Any]
    strict: bool | None = None


class CompletionRequest(Value):
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


class EmbeddingRequest(Value):
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
