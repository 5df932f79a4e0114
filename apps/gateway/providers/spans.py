"""Attempts as spans, by OpenTelemetry's conventions for generative AI (version 1.41)."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from agentplatform.telemetry.row_spans import parent_context
from agentplatform.telemetry.trace import current_trace_id
from apps.gateway.contracts import CompletionRequest, EmbeddingRequest
from apps.gateway.providers.errors import ProviderError
from apps.gateway.providers.port import Answer, OnChoice, OnText, Provider
from apps.gateway.providers.span_content import answer_content, request_content

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

Attributes = dict[str, str | int | float | bool]
Piece = TypeVar("Piece")


class TracedProvider:
    """A provider whose attempts are client spans, `chat {model}` or `embeddings {model}`, within
    that of the step they are for. `belongs_to` goes on each of them.

    What is asked and answered is on them only if `with_content`; of an error, its code alone."""

    def __init__(
        self,
        provider: Provider,
        *,
        tracer: "Tracer",
        belongs_to: Attributes,
        with_content: bool,
        step_id: UUID | None = None,
    ) -> None:
        self.name = provider.name
        self.default_model = provider.default_model
        self.base_url = provider.base_url
        self._provider = provider
        self._tracer = tracer
        self._belongs_to = belongs_to
        self._with_content = with_content
        self._step_id = step_id

    def bound_prompt(self, request: CompletionRequest, *, model: str) -> int:
        return self._provider.bound_prompt(request, model=model)

    async def complete(
        self,
        request: CompletionRequest,
        *,
        model: str,
        max_tokens: int,
        timeout_seconds: float,
        on_text: OnText | None = None,
        on_choice: OnChoice | None = None,
        attempt_id: UUID | None = None,
    ) -> Answer:
        is_streamed = on_text is not None or on_choice is not None
        span = self._begin(request, model, max_tokens, attempt_id, is_streamed=is_streamed)
        try:
            answer = await self._provider.complete(
                request,
                model=model,
                max_tokens=max_tokens,
                timeout_seconds=timeout_seconds,
                on_text=_FirstChunk(span, on_text) if on_text else None,
                on_choice=_FirstChunk(span, on_choice) if on_choice else None,
                attempt_id=attempt_id,
            )
        except BaseException as error:
            _fail(span, error)
            raise
        _answer(span, answer)
        if self._with_content:
            span.set_attributes(answer_content(answer.completion))
        span.end()
        return answer

    async def embed(
        self,
        request: EmbeddingRequest,
        /,
        *,
        model: str,
        timeout_seconds: float,
        attempt_id: UUID | None = None,
    ) -> Answer:
        told: Attributes = {"gen_ai.operation.name": "embeddings"}
        if request.dimensions is not None:
            told["gen_ai.embeddings.dimension.count"] = request.dimensions
        span = self._start(f"embeddings {model}", model, attempt_id, told)
        try:
            answer = await self._provider.embed(
                request, model=model, timeout_seconds=timeout_seconds, attempt_id=attempt_id
            )
        except BaseException as error:
            _fail(span, error)
            raise
        _answer(span, answer)
        span.end()
        return answer

    async def close(self) -> None:
        await self._provider.close()

    def _begin(
        self,
        request: CompletionRequest,
        model: str,
        max_tokens: int,
        attempt_id: UUID | None,
        *,
        is_streamed: bool,
    ) -> "Span":
        told: Attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.max_tokens": max_tokens,
            "gen_ai.output.type": "text" if request.response_schema is None else "json",
        }
        if request.temperature is not None:
            told["gen_ai.request.temperature"] = request.temperature
        if is_streamed:
            told["gen_ai.request.stream"] = True
        if self._with_content:
            told |= request_content(request)
        return self._start(f"chat {model}", model, attempt_id, told)

    def _start(self, name: str, model: str, attempt_id: UUID | None, told: Attributes) -> "Span":
        from opentelemetry.trace import SpanKind

        told |= {
            "gen_ai.provider.name": self.name,
            "gen_ai.request.model": model,
            **_server(self.base_url),
            **self._belongs_to,
        }
        if attempt_id is not None:
            told["agentplatform.attempt_id"] = str(attempt_id)
        within = parent_context(self._tracer, current_trace_id(), self._step_id)
        return self._tracer.start_span(name, context=within, kind=SpanKind.CLIENT, attributes=told)


class _FirstChunk(Generic[Piece]):
    """Passes pieces on; the span learns how long the first of them took."""

    def __init__(self, span: "Span", on_piece: Callable[[Piece], None]) -> None:
        self._span = span
        self._on_piece = on_piece
        self._began: float | None = time.monotonic()

    def __call__(self, piece: Piece) -> None:
        if self._began is not None:
            took = time.monotonic() - self._began
            self._span.set_attribute("gen_ai.response.time_to_first_chunk", took)
            self._began = None
        self._on_piece(piece)


def _answer(span: "Span", answer: Answer) -> None:
    completion = answer.completion
    told: Attributes = {"gen_ai.response.model": completion.model}
    if answer.has_usage:
        usage = completion.usage
        told["gen_ai.usage.input_tokens"] = usage.prompt_tokens
        told["gen_ai.usage.output_tokens"] = usage.completion_tokens
        told |= {
            name: tokens
            for name, tokens in (
                ("gen_ai.usage.cache_read.input_tokens", usage.cached_tokens),
                ("gen_ai.usage.cache_creation.input_tokens", usage.cache_write_tokens),
                ("gen_ai.usage.reasoning.output_tokens", usage.reasoning_tokens),
            )
            if tokens
        }
    span.set_attributes(told)
    if answer.vectors is None:
        span.set_attribute("gen_ai.response.finish_reasons", [completion.stop_reason])


def _fail(span: "Span", error: BaseException) -> None:
    """The words of an error may repeat the prompt: its code says enough."""
    from opentelemetry.trace import StatusCode

    code = error.code if isinstance(error, ProviderError) else type(error).__name__
    span.set_attribute("error.type", code)
    if isinstance(error, ProviderError) and error.usage is not None:
        span.set_attribute("gen_ai.usage.input_tokens", error.usage.prompt_tokens)
        span.set_attribute("gen_ai.usage.output_tokens", error.usage.completion_tokens)
    span.set_status(StatusCode.ERROR, code)
    span.end()


def _server(base_url: str) -> Attributes:
    address = urlsplit(base_url)
    port = address.port or (443 if address.scheme == "https" else 80)
    return {"server.address": address.hostname or "", "server.port": port}
