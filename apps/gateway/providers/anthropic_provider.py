"""Anthropic."""

import asyncio
from typing import Any
from uuid import UUID

from apps.gateway.contracts import CompletionRequest, EmbeddingRequest, Usage
from apps.gateway.providers.anthropic_message import anthropic_transport, ask_message
from apps.gateway.providers.anthropic_wire import bound_wire, read_answer, to_wire
from apps.gateway.providers.errors import Unsupported
from apps.gateway.providers.port import Answer, OnChoice, OnText, attempt_headers
from apps.gateway.providers.reach import REACH, Reach
from apps.gateway.providers.wire_errors import reading_answer


class AnthropicProvider:
    """Messages, one request an attempt."""

    name = "anthropic"

    def __init__(
        self, *, api_key: str, base_url: str, default_model: str, reach: Reach = REACH
    ) -> None:
        self.default_model = default_model
        self.base_url = base_url
        self._transport = anthropic_transport(api_key=api_key, base_url=base_url, reach=reach)

    def bound_prompt(self, request: CompletionRequest, *, model: str) -> int:  # noqa: ARG002
        return bound_wire(to_wire(request))

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
        until = asyncio.get_running_loop().time() + timeout_seconds
        body = to_wire(request)
        if any(not stop.strip() for stop in body.get("stop_sequences", ())):
            raise Unsupported("Anthropic takes no stop sequence of white space alone.")
        response = await ask_message(
            self._transport,
            {**body, "model": model, "max_tokens": max_tokens},
            on_text=on_text,
            on_choice=on_choice,
            headers=attempt_headers(attempt_id),
            until=until,
        )

        def guess() -> Usage:
            return Usage(prompt_tokens=bound_wire(body), completion_tokens=max_tokens)

        with reading_answer():
            return read_answer(
                response, request=request, provider=self.name, model=model, guess=guess
            )

    async def embed(self, _request: EmbeddingRequest, /, **_how: Any) -> Answer:
        raise Unsupported("Anthropic has no embeddings; name a model of OpenAI or a local one.")

    async def close(self) -> None:
        await self._transport.close()
