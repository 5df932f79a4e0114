"""OpenAI, or whoever speaks its chat format with tools and schemas."""

import asyncio
from uuid import UUID

import openai

from apps.gateway.contracts import CompletionRequest, Usage
from apps.gateway.providers.openai_stream import ask_chat
from apps.gateway.providers.openai_wire import bound_wire, read_answer, to_wire
from apps.gateway.providers.port import Answer, OnText, attempt_headers
from apps.gateway.providers.sdk_errors import provider_errors


class OpenAIProvider:
    """Chat completions through the official SDK, whose own retries are off."""

    name = "openai"

    def __init__(self, *, api_key: str, base_url: str, default_model: str) -> None:
        self.default_model = default_model
        self._client = openai.AsyncOpenAI(api_key=api_key, base_url=base_url, max_retries=0)

    def bound_prompt(self, request: CompletionRequest) -> int:
        return bound_wire(to_wire(request))

    async def complete(
        self,
        request: CompletionRequest,
        *,
        model: str,
        max_tokens: int,
        timeout_seconds: float,
        on_text: OnText | None = None,
        attempt_id: UUID | None = None,
    ) -> Answer:
        body = to_wire(request)
        options = {
            "model": model,
            "max_completion_tokens": max_tokens,
            "timeout": timeout_seconds,
            "extra_headers": attempt_headers(attempt_id),
        }
        with provider_errors():
            async with asyncio.timeout(timeout_seconds):
                response = await ask_chat(self._client, {**body, **options}, on_text)
            guess = Usage(prompt_tokens=bound_wire(body), completion_tokens=max_tokens)
            return read_answer(
                response, request=request, provider=self.name, model=model, guess=guess
            )

    async def close(self) -> None:
        await self._client.close()
