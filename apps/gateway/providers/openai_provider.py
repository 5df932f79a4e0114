"""OpenAI, or whoever speaks its formats, with tools and schemas."""

import asyncio
from uuid import UUID

from apps.gateway.contracts import CompletionRequest, EmbeddingRequest, Part, Usage
from apps.gateway.providers.errors import Unsupported
from apps.gateway.providers.openai_chat import ask_chat, openai_transport
from apps.gateway.providers.openai_embeddings import ask_embeddings
from apps.gateway.providers.openai_wire import bound_wire, read_answer, to_wire
from apps.gateway.providers.port import Answer, OnChoice, OnText, attempt_headers
from apps.gateway.providers.reach import REACH, Reach
from apps.gateway.providers.wire_errors import reading_answer


def _is_elsewhere(part: Part) -> bool:
    return part.pdf_url is not None and not part.pdf_url.startswith("data:")


class OpenAIProvider:
    """Chat completions and embeddings, one request an attempt."""

    name = "openai"

    def __init__(
        self, *, api_key: str, base_url: str, default_model: str, reach: Reach = REACH
    ) -> None:
        self.default_model = default_model
        self.base_url = base_url
        self._transport = openai_transport(api_key=api_key, base_url=base_url, reach=reach)

    def bound_prompt(self, request: CompletionRequest, *, model: str) -> int:
        return bound_wire(to_wire(request), model=model)

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
        if any(_is_elsewhere(part) for message in request.messages for part in message.parts):
            raise Unsupported("OpenAI takes a PDF as its bytes alone, not by its address.")
        response = await ask_chat(
            self._transport,
            {**body, "model": model, "max_completion_tokens": max_tokens},
            on_text=on_text,
            on_choice=on_choice,
            headers=attempt_headers(attempt_id),
            until=until,
        )

        def guess() -> Usage:
            bound = bound_wire(body, model=model)
            return Usage(prompt_tokens=bound, completion_tokens=max_tokens)

        with reading_answer():
            return read_answer(
                response, request=request, provider=self.name, model=model, guess=guess
            )

    async def embed(
        self,
        request: EmbeddingRequest,
        /,
        *,
        model: str,
        timeout_seconds: float,
        attempt_id: UUID | None = None,
    ) -> Answer:
        return await ask_embeddings(
            self._transport,
            request,
            provider=self.name,
            model=model,
            headers=attempt_headers(attempt_id),
            timeout_seconds=timeout_seconds,
        )

    async def close(self) -> None:
        await self._transport.close()
